-- (customer_id) is the beginning of (customer_id, created_at); note(8) that of note(20); a key in both directions is
-- served by the same index read backwards. What a hint names stays.
CREATE TABLE customers (id int PRIMARY KEY, name varchar(40));
CREATE TABLE orders (
  id int PRIMARY KEY AUTO_INCREMENT,
  customer_id int NOT NULL,
  created_at datetime NOT NULL,
  state varchar(10) NOT NULL,
  note varchar(100) NOT NULL,
  total int NOT NULL,
  KEY customer (customer_id),
  KEY customer_created (customer_id, created_at),
  KEY note_8 (note(8)),
  KEY note_20 (note(20)),
  KEY state (state),
  KEY state_total (state, total),
  KEY total (total DESC),
  KEY total_created (total, created_at),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);
INSERT INTO customers SELECT seq, concat('c', seq) FROM (
  WITH RECURSIVE s AS (SELECT 1 seq UNION ALL SELECT seq + 1 FROM s WHERE seq < 500) SELECT seq FROM s) x;
INSERT INTO orders (customer_id, created_at, state, note, total) SELECT a.id, '2024-01-01' + INTERVAL a.id + b.id HOUR,
  elt(1 + (a.id + b.id) % 3, 'new', 'paid', 'sent'), concat('note ', a.id, ' of ', b.id, ' and more'), a.id % 17
  FROM customers a JOIN customers b ON b.id <= 10;
ANALYZE TABLE customers, orders;

-- workload
-- calls: 10
SELECT total FROM orders WHERE customer_id = 7;
-- calls: 10
SELECT id FROM orders FORCE INDEX (state) WHERE state = 'new' AND total = 5;
-- calls: 10
SELECT total FROM orders WHERE note LIKE 'note 7 of 3 and%';
