-- A customer's last orders: the whole table is read and sorted for ten rows.
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, created_at timestamptz NOT NULL, note text);
INSERT INTO orders
SELECT i, (i * 7919) % 500, '2024-01-01'::timestamptz + i * interval '7 minutes', repeat('x', 40)
FROM generate_series(1, 50000) i;
VACUUM ANALYZE orders;

-- workload
-- calls: 1000
SELECT * FROM orders WHERE customer_id = 42 ORDER BY created_at DESC LIMIT 10;
-- calls: 10
SELECT * FROM orders WHERE id = 7;
