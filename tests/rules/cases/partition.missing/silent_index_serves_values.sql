-- Every statement asks for a user or a state by value, which hashes and lists would prune; an index finds them as fast.
-- options: {"only": ["partition", "index"], "partition_bytes": 4000000}
CREATE TABLE orders (id bigint PRIMARY KEY, user_id int NOT NULL, state text NOT NULL, note text);
INSERT INTO orders
SELECT i, (i * 7919) % 5000, CASE WHEN i % 500 = 0 THEN 'new' WHEN i % 300 = 0 THEN 'paid' WHEN i % 200 = 0 THEN 'sent'
       WHEN i % 150 = 0 THEN 'lost' ELSE 'done' END, repeat('x', 150)
FROM generate_series(1, 90000) i;
ALTER TABLE orders ALTER state SET STATISTICS 1000;  -- all rows are looked at: no sample decides
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_state ON orders (state);
VACUUM ANALYZE;

-- workload
-- calls: 1000
SELECT * FROM orders WHERE user_id = 77;
-- calls: 100
SELECT * FROM orders WHERE state = 'new' ORDER BY id;
-- calls: 200
SELECT count(*) FROM orders WHERE user_id IN (1, 2, 3);
