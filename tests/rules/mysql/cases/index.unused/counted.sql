-- One index is read, one is not, one is what a foreign key needs, one enforces that nothing is there twice.
-- options: {"small_index_bytes": 0}
-- server: {"uptime_seconds": 2000000}
-- only: mysql
CREATE TABLE customers (id int PRIMARY KEY, name varchar(40));
INSERT INTO customers WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900)
  SELECT n, concat('c', n) FROM s;
CREATE TABLE orders (
  id int PRIMARY KEY AUTO_INCREMENT,
  customer_id int NOT NULL,
  number int NOT NULL,
  state varchar(10) NOT NULL,
  total int NOT NULL,
  KEY customer (customer_id),
  KEY state (state DESC),
  KEY total (total),
  UNIQUE KEY number (number),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);
INSERT INTO orders (customer_id, number, state, total) SELECT id, id, elt(1 + id % 3, 'a', 'b', 'c'), id FROM customers;
INSERT INTO orders (customer_id, number, state, total) SELECT id, id + 1000, elt(1 + id % 3, 'a', 'b', 'c'), id FROM customers;
ANALYZE TABLE customers, orders;
SELECT id FROM orders FORCE INDEX (total) WHERE total = 7;

-- workload
SELECT name FROM customers WHERE id < 7;
