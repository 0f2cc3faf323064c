-- Unique, with another condition, with INCLUDE columns the wider one lacks, the index of CLUSTER; and one read whole
-- that is a fifth of the wider one's size, so that counting becomes dearer without it.
CREATE TABLE orders (id bigint PRIMARY KEY, code int NOT NULL, customer_id int NOT NULL, note text NOT NULL, paid boolean);
INSERT INTO orders SELECT i, i, i % 5000, repeat(md5(i::text), 3), i % 2 = 0 FROM generate_series(1, 40000) i;
CREATE UNIQUE INDEX orders_code ON orders (code);
CREATE INDEX orders_code_paid ON orders (code, paid);
CREATE INDEX orders_customer_some ON orders (customer_id) WHERE code > 100;
CREATE INDEX orders_customer_include ON orders (customer_id) INCLUDE (code);
CREATE INDEX orders_customer_note ON orders (customer_id, note);
CREATE INDEX orders_paid ON orders (paid);
CREATE INDEX orders_paid_note ON orders (paid, note);
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_note_id ON orders (note, id);
ALTER TABLE orders CLUSTER ON orders_note;
VACUUM ANALYZE orders;

-- workload
-- calls: 100
SELECT count(*) FROM orders WHERE paid;
