-- Orders are deleted; each deletion looks for their items, one by CASCADE and one by a check.
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE);
CREATE TABLE invoices (id bigint PRIMARY KEY, order_id bigint REFERENCES orders);
INSERT INTO orders SELECT i, 'note' FROM generate_series(1, 20000) i;
INSERT INTO items SELECT i, i % 10000 + 1 FROM generate_series(1, 40000) i;
INSERT INTO invoices SELECT i, i % 10000 + 1 FROM generate_series(1, 20000) i;
DELETE FROM orders WHERE id = 20000;
VACUUM ANALYZE;

-- workload
-- calls: 50
DELETE FROM orders WHERE id = 15000;
