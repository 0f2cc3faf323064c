CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');
CREATE DOMAIN email_address AS text CHECK (VALUE LIKE '%@%');
CREATE SCHEMA archive;

CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email email_address NOT NULL,
    name varchar(80) NOT NULL,
    country char(2) NOT NULL,
    active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL,
    profile jsonb NOT NULL DEFAULT '{}',
    deleted_at timestamp
);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES customers,
    status order_status NOT NULL,
    total numeric(10, 2) NOT NULL,
    created_at timestamptz NOT NULL,
    shipped_on date,
    tags text[] NOT NULL DEFAULT '{}',
    payload jsonb NOT NULL DEFAULT '{}',
    note text,
    search tsvector,
    valid int4range,
    token uuid,
    ip inet
);
CREATE TABLE items (
    order_id bigint NOT NULL REFERENCES orders,
    line integer NOT NULL,
    product_id integer NOT NULL,
    quantity integer NOT NULL,
    price numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, parent_id integer, weight double precision);
CREATE TABLE archive.orders (id bigint PRIMARY KEY, customer_id bigint, total numeric, archived_at timestamptz);
CREATE TABLE "Mixed Case" ("Id" integer PRIMARY KEY, "userName" text, "select" integer, plain integer);
CREATE TABLE events (id bigint NOT NULL, kind text NOT NULL, happened_at timestamptz NOT NULL, data jsonb)
    PARTITION BY RANGE (happened_at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');

CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(replace($1, ' ', '-')) $$;
CREATE FUNCTION vague(text) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1 $$;

CREATE VIEW open_orders AS
    SELECT o.id, o.customer_id AS buyer, o.status AS state, o.total, lower(c.email) AS mail, c.name
    FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.status IN ('new', 'paid');
CREATE VIEW big_open_orders AS SELECT id, buyer, state FROM open_orders WHERE total > 100;
CREATE VIEW order_totals AS SELECT customer_id, count(*) AS orders, sum(total) AS total FROM orders GROUP BY customer_id;

INSERT INTO customers
    SELECT n, 'user' || n || '@example.com', 'Customer ' || n, (ARRAY['DE', 'FR', 'US', 'US', 'US'])[1 + n % 5], n % 10 > 0,
           timestamptz '2024-01-01' + n * interval '1 hour', jsonb_build_object('plan', 'p' || n % 3),
           CASE WHEN n % 20 = 0 THEN timestamp '2024-06-01' END
    FROM generate_series(1, 1000) n;
INSERT INTO orders
    SELECT n, 1 + n * n % 1000, (ARRAY['new', 'paid', 'shipped', 'shipped', 'shipped', 'cancelled'])[1 + n % 6]::order_status,
           n % 500, timestamptz '2024-01-01' + n * interval '10 minutes', date '2024-01-01' + n % 300,
           ARRAY['tag' || n % 7, 'tag' || n % 11], jsonb_build_object('channel', 'c' || n % 4, 'size', n % 50),
           CASE WHEN n % 3 = 0 THEN 'Note of order ' || n END, to_tsvector('english', 'order number ' || n),
           int4range(n, n + 10), ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
           ('10.0.' || n % 250 || '.1')::inet
    FROM generate_series(1, 5000) n;
INSERT INTO items
    SELECT 1 + n / 3, n % 3, 1 + n % 200, 1 + n % 5, n % 90 FROM generate_series(1, 9000) n;
INSERT INTO products SELECT n, 'Product ' || n, nullif(n / 10, 0), n * 0.5 FROM generate_series(1, 200) n;
INSERT INTO archive.orders SELECT n, n % 100, n, timestamptz '2023-01-01' FROM generate_series(1, 500) n;
INSERT INTO "Mixed Case" SELECT n, 'name' || n, n % 5, n FROM generate_series(1, 300) n;
INSERT INTO events
    SELECT n, (ARRAY['login', 'logout', 'view'])[1 + n % 3], timestamptz '2024-02-01' + n * interval '8 hours', '{}'
    FROM generate_series(1, 2000) n;
ANALYZE;
