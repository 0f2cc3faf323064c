-- No new indexes are looked for; the planner says of the invalid one that the workload would use it: rebuild it.
-- options: {"skip": ["index.missing"]}
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL);
INSERT INTO orders SELECT i, i % 5000, md5(i::text) FROM generate_series(1, 40000) i;
CREATE INDEX orders_customer ON orders (customer_id);
VACUUM ANALYZE orders;
SET allow_system_table_mods = on;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_customer'::regclass;

-- workload
-- calls: 100
SELECT * FROM orders WHERE customer_id = 42;
