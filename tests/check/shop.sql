CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail text NOT NULL UNIQUE,
    name text,
    city text,
    note text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    state text NOT NULL,
    total numeric(12, 2),
    code varchar(20),
    quantity int,
    placed timestamptz NOT NULL
);
CREATE TABLE lines (order_id bigint NOT NULL, n int NOT NULL, product int, amount numeric, PRIMARY KEY (order_id, n));
CREATE TABLE countries (code char(2) PRIMARY KEY, name text);
CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE old_events (id bigint NOT NULL, at timestamptz NOT NULL, kind text);
CREATE VIEW paid AS SELECT id, customer_id, total FROM orders WHERE state = 'paid';
CREATE MATERIALIZED VIEW totals AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
CREATE INDEX orders_customer_idx ON orders (customer_id);
CREATE INDEX orders_placed_idx ON orders (placed);
CREATE INDEX orders_code_idx ON orders (code);
CREATE INDEX lines_product_idx ON lines (product);
CREATE INDEX events_at ON events (at);

INSERT INTO customers (mail, name, city, note) SELECT 'm' || i || '@x', 'n' || i, 'c' || i % 100, 'hello' FROM generate_series(1, 2000) i;
INSERT INTO orders (customer_id, state, total, code, quantity, placed)
SELECT 1 + i % 2000, (ARRAY['new', 'paid', 'shipped'])[1 + i % 3], i % 1000, 'c' || i, i % 50, timestamptz '2025-01-01' + i * interval '10 min'
FROM generate_series(1, 20000) i;
INSERT INTO lines SELECT i / 3, i % 3, i % 1000, 5 FROM generate_series(3, 30000) i;
INSERT INTO events SELECT i, timestamptz '2024-01-01' + i * interval '60 min', 'k' || i % 10 FROM generate_series(1, 15000) i;
INSERT INTO old_events SELECT i, timestamptz '2023-01-01' + i * interval '60 min', 'k' FROM generate_series(1, 8000) i;
INSERT INTO countries SELECT chr(65 + i) || 'X', 'x' FROM generate_series(1, 20) i;
REFRESH MATERIALIZED VIEW totals;
VACUUM ANALYZE;
