-- The workload asks for (customer_id, created_at); once that is built, the index on (customer_id) is redundant.
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, created_at timestamptz NOT NULL, note text);
INSERT INTO orders
SELECT i, (i * 7919) % 500, '2024-01-01'::timestamptz + i * interval '7 minutes', repeat('x', 40)
FROM generate_series(1, 50000) i;
CREATE INDEX orders_customer ON orders (customer_id);
VACUUM ANALYZE orders;

-- workload
-- calls: 1000
SELECT * FROM orders WHERE customer_id = 42 ORDER BY created_at DESC LIMIT 10;
