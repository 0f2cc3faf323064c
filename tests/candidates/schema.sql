CREATE TABLE customers (id bigint PRIMARY KEY, email text UNIQUE, country text, payload jsonb, tags text[], name text);
INSERT INTO customers
SELECT i, 'c' || i || '@example.org', 'C' || i % 20, jsonb_build_object('k', i % 500), ARRAY['t' || i % 300], 'Name ' || md5(i::text)
FROM generate_series(1, 20000) i;
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, total int NOT NULL, note text, placed_at timestamptz NOT NULL
);
INSERT INTO orders
SELECT i, i * 7919 % 20000 + 1, CASE WHEN i % 200 = 0 THEN 'open' ELSE 'done' END, i % 997, repeat('x', 60),
       timestamptz '2024-01-01' + i * interval '3 minutes'
FROM generate_series(1, 60000) i;
CREATE INDEX orders_total_placed_at_idx ON orders (total, placed_at);
CREATE TABLE tiny (id int, name text);
INSERT INTO tiny SELECT i, 'n' || i FROM generate_series(1, 200) i;
CREATE TABLE parted (id bigint, tenant int, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO parted SELECT i, i % 100, timestamptz '2024-01-01' + i * interval '10 minutes' FROM generate_series(1, 40000) i;
VACUUM ANALYZE;
