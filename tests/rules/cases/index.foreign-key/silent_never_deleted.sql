-- The counters are old enough and show that no order was ever deleted.
-- options: {"unused_days": 0}
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
CREATE TABLE items (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
INSERT INTO orders SELECT i, 'note' FROM generate_series(1, 20000) i;
INSERT INTO items SELECT i, i % 10000 + 1 FROM generate_series(1, 40000) i;
VACUUM ANALYZE;
SELECT pg_stat_reset();

-- workload
SELECT count(*) FROM orders;
