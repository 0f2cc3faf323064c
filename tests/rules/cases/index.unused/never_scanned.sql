-- The counters are old enough, nothing scanned the index on note, and no plan wants it.
-- options: {"unused_days": 0, "small_index_bytes": 100000}
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, i % 5000, md5(i::text) FROM generate_series(1, 20000) i;
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_customer ON orders (customer_id);
VACUUM ANALYZE orders;
SELECT pg_stat_reset();

-- workload
-- calls: 100
SELECT * FROM orders WHERE customer_id = 42;
