-- A small database that holds one of everything the shadow has to reproduce.
CREATE SCHEMA "Odd Names";
CREATE TYPE order_state AS ENUM ('new', 'paid', 'shipped', 'returned');
CREATE DOMAIN email AS varchar(200) CHECK (VALUE LIKE '%@%');
CREATE TYPE address AS (street text, city text);
CREATE TYPE price_range AS RANGE (SUBTYPE = numeric);
CREATE SEQUENCE ticket_numbers;

CREATE FUNCTION slug(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT lower(replace($1, ' ', '-')) $$;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;

CREATE TABLE customers (
    id int PRIMARY KEY,
    mail email NOT NULL UNIQUE,
    name text NOT NULL,
    city text COLLATE "C",
    born date,
    state char(2),
    balance numeric(12, 2),
    score real,
    home address,
    token uuid,
    active boolean NOT NULL DEFAULT true,
    slug text GENERATED ALWAYS AS (slug(name)) STORED,
    tags text[],
    profile jsonb,
    CHECK (balance > -100000)
) WITH (fillfactor = 80);
CREATE INDEX customers_lower_name ON customers (lower(name));
CREATE INDEX customers_city_born ON customers (city DESC NULLS LAST, born);
CREATE INDEX customers_inactive ON customers (id) WHERE NOT active;
CREATE INDEX customers_name_pattern ON customers (name text_pattern_ops) INCLUDE (city);
CREATE INDEX customers_tags ON customers USING gin (tags);
CREATE INDEX customers_profile ON customers USING gin (profile jsonb_path_ops);
CREATE TRIGGER customers_touched BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION touched();

CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL REFERENCES customers,
    state order_state NOT NULL,
    placed_at timestamptz NOT NULL,
    total numeric(10, 2) NOT NULL,
    note text,
    CONSTRAINT total_positive CHECK (total >= 0)
);
CREATE INDEX orders_customer ON orders (customer_id, placed_at DESC);
CREATE INDEX orders_placed ON orders USING brin (placed_at) WITH (pages_per_range = 16);
CREATE INDEX orders_note_hash ON orders USING hash (note);

CREATE TABLE "Odd Names"."Order Lines" (
    "orderId" bigint REFERENCES orders ON DELETE CASCADE,
    "select" int NOT NULL,
    sku text NOT NULL,
    quantity smallint,
    price numeric,
    PRIMARY KEY ("orderId", "select")
);
CREATE INDEX "Sku Index" ON "Odd Names"."Order Lines" (sku);
CREATE STATISTICS line_facts (ndistinct, dependencies) ON sku, quantity, price FROM "Odd Names"."Order Lines";

CREATE TABLE events (
    id bigint NOT NULL,
    at timestamp NOT NULL,
    kind text NOT NULL,
    customer_id int,
    payload jsonb,
    PRIMARY KEY (id, at, kind)
) PARTITION BY RANGE (at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_2024_click PARTITION OF events_2024 FOR VALUES IN ('click');
CREATE TABLE events_2024_rest PARTITION OF events_2024 DEFAULT;
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE INDEX events_customer ON events (customer_id, at);
CREATE TABLE empty_tree (id int, at date) PARTITION BY RANGE (at);

CREATE TABLE places (id int PRIMARY KEY, name text, population int);
CREATE TABLE capitals (country text) INHERITS (places);
CREATE INDEX capitals_population ON capitals (population);

CREATE TABLE bookings (
    room int NOT NULL, during tsrange NOT NULL, span int4range, prices price_range,
    EXCLUDE USING gist (during WITH &&)
);
CREATE UNLOGGED TABLE never_analyzed (a int PRIMARY KEY, b text);
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;

CREATE VIEW open_orders AS SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
    WHERE o.state IN ('new', 'paid');
CREATE VIEW big_open_orders (number, amount) AS SELECT id, total FROM open_orders WHERE total > 900;
CREATE FUNCTION orders_of(int) RETURNS SETOF orders LANGUAGE sql STABLE ROWS 20 AS
    $$ SELECT * FROM orders WHERE customer_id = $1 $$;

INSERT INTO customers (id, mail, name, city, born, state, balance, score, home, token, active, tags, profile)
SELECT i, 'user' || i || '@example.com', 'Name ' || (i * 7919 % 5003) || CASE WHEN i % 11 = 0 THEN ' {"odd\"}' ELSE '' END,
    CASE WHEN i % 3 = 0 THEN 'Berlin' WHEN i % 7 = 0 THEN 'O''Fallon' ELSE 'city ' || i % 200 END,
    CASE WHEN i % 10 > 0 THEN date '1950-01-01' + i * 37 % 20000 END, (ARRAY['NY', 'CA', 'TX'])[1 + i * i % 3],
    i * 31 % 10007 / 7.0, i % 100 / 3.0, ROW ('s' || i, 'c' || i % 5)::address, md5(i::text)::uuid, i % 40 <> 0,
    CASE WHEN i % 4 > 0 THEN ARRAY['t' || i % 20, 't' || i % 7, 'rare' || i % 900] END,
    jsonb_build_object('plan', i % 4, 'lang', (ARRAY['en', 'de', 'fr'])[1 + i % 3])
FROM generate_series(1, 8000) i;
INSERT INTO orders (customer_id, state, placed_at, total, note)
SELECT 1 + (i * 48271::bigint % 65537) % 8000, (ARRAY['new', 'paid', 'shipped', 'shipped', 'returned'])[1 + i * 13 % 5]::order_state,
    timestamptz '2023-01-01 00:00+00' + i * interval '17 minutes', i * 7 % 100000 / 100.0,
    CASE WHEN i % 5 = 0 THEN 'note ' || i % 1000 END
FROM generate_series(1, 40000) i;
INSERT INTO "Odd Names"."Order Lines"
SELECT 1 + i / 2, i % 2, 'sku' || i * 17 % 3000, i * 17 % 10, i * 17 % 3000 / 10.0 FROM generate_series(0, 79999) i;
INSERT INTO events SELECT i, timestamp '2023-03-01' + i * interval '40 minutes', (ARRAY['click', 'view', 'view', 'buy'])[1 + i % 4],
    nullif(i * 31 % 8009, 0), jsonb_build_object('n', i % 50)
FROM generate_series(1, 30000) i;
INSERT INTO places SELECT i, 'place ' || i, i * 7919 % 100003 FROM generate_series(1, 3000) i;
INSERT INTO capitals SELECT i, 'capital ' || i, i * 7919 % 1000003, 'country ' || i % 190 FROM generate_series(3001, 3600) i;
INSERT INTO bookings SELECT i % 40, tsrange(t, t + interval '50 minutes'), int4range(i % 500, i % 500 + 1 + i % 9),
    price_range(i % 90, i % 90 + i % 7 + 0.5)
FROM (SELECT i, timestamp '2024-01-01' + i * interval '1 hour' AS t FROM generate_series(1, 4000) i) s;
CREATE MATERIALIZED VIEW sales_by_day AS
    SELECT placed_at::date AS day, count(*) AS orders, sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX sales_by_day_day ON sales_by_day (day);
DELETE FROM orders WHERE id % 97 = 0;
INSERT INTO never_analyzed SELECT i, 'b' FROM generate_series(1, 500) i;
