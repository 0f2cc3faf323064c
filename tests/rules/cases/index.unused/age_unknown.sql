-- How long the counters have counted is not known: the index is only mentioned.
-- options: {"small_index_bytes": 100000, "unused_table_scans": 1}
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, i % 5000, md5(i::text) FROM generate_series(1, 20000) i;
CREATE INDEX orders_note ON orders (note);
VACUUM ANALYZE orders;
SELECT count(*) FROM orders;

-- workload
SELECT count(*) FROM orders;
