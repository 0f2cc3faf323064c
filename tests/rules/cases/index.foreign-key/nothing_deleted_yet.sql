-- Nothing was deleted so far, and how long the counters have counted is not known: only to be mentioned.
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
INSERT INTO orders SELECT i, 'note' FROM generate_series(1, 20000) i;
INSERT INTO items SELECT i, i % 10000 + 1 FROM generate_series(1, 40000) i;
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM orders;
