-- The index on (customer_id) adds nothing to the one on (customer_id, created_at).
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, created_at timestamptz NOT NULL, note text);
INSERT INTO orders
SELECT i, (i * 7919) % 5000, '2024-01-01'::timestamptz + i * interval '7 minutes', repeat('x', 40)
FROM generate_series(1, 40000) i;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_date ON orders (customer_id, created_at);
VACUUM ANALYZE orders;

-- workload
-- calls: 100
SELECT * FROM orders WHERE customer_id = 42;
