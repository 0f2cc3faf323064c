-- Every kind of object that a snapshot holds, on Postgres 12 and later.
CREATE SCHEMA "Mixed Case";
CREATE TYPE status AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN email AS text COLLATE "C" CHECK (VALUE ~ '@') NOT NULL;
CREATE DOMAIN work_email AS email CHECK (VALUE !~ 'gmail');
CREATE TYPE address AS (street text, "Zip Code" varchar(10));
CREATE TYPE span AS RANGE (subtype = float8);
CREATE COLLATION german (provider = libc, locale = 'C');
CREATE SEQUENCE ticket AS integer MAXVALUE 1000;

CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'SELECT 2 * n';
CREATE PROCEDURE nothing() LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer);

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email,
    backup work_email DEFAULT 'a@b',
    name varchar(40) COLLATE german,
    state status NOT NULL DEFAULT 'new',
    home address,
    gone integer,
    doubled integer GENERATED ALWAYS AS (2 * 3) STORED,
    born date
) WITH (fillfactor = 70);
ALTER TABLE customers DROP COLUMN gone;
ALTER TABLE customers ALTER COLUMN name SET STATISTICS 500;
COMMENT ON TABLE customers IS 'who buys';
COMMENT ON COLUMN customers.born IS 'by their own account';

CREATE TABLE "Mixed Case"."Order" (
    "Id" integer PRIMARY KEY,
    "select" bigint REFERENCES customers (id) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE,
    tags text[],
    payload jsonb,
    during int4range,
    corner box,
    grid integer[],
    a23456789012345678901234567890123456789012345678901234567890123 integer CHECK (a23456789012345678901234567890123456789012345678901234567890123 > 0),
    EXCLUDE USING gist (during WITH &&)
);
ALTER TABLE "Mixed Case"."Order" ADD CONSTRAINT later CHECK ("Id" < 1000000) NOT VALID;
CREATE INDEX order_tags ON "Mixed Case"."Order" USING gin (tags);
CREATE INDEX order_payload ON "Mixed Case"."Order" USING gin (payload jsonb_path_ops);
CREATE INDEX order_recent ON "Mixed Case"."Order" ("select" DESC NULLS LAST, "Id" DESC) INCLUDE (during)
    WITH (fillfactor = 80) WHERE "Id" > 10 AND "select" IS NOT NULL;
CREATE INDEX order_kind ON "Mixed Case"."Order" ((payload ->> 'kind'), ("Id" % 10), lower(payload ->> 'kind') COLLATE "C");
CREATE INDEX order_brin ON "Mixed Case"."Order" USING brin ("Id");
CREATE UNIQUE INDEX customer_name ON customers (name text_pattern_ops, lower(email));
CREATE INDEX customer_c ON customers (name COLLATE "C");
COMMENT ON INDEX customer_c IS 'byte order';

CREATE TABLE events (at timestamptz NOT NULL, kind integer, PRIMARY KEY (at, kind)) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT PARTITION BY LIST (kind);
CREATE TABLE empty_tree (n integer) PARTITION BY HASH (n);
CREATE TABLE animals (name text);
CREATE TABLE cats (lives integer) INHERITS (animals);
CREATE UNLOGGED TABLE scratch (n integer);

CREATE TABLE guarded (id integer PRIMARY KEY, owner text);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON guarded USING (owner = current_user);

CREATE VIEW adults AS SELECT id, name FROM customers WHERE born < now() - interval '18 years';
CREATE MATERIALIZED VIEW per_state AS SELECT state, count(*) AS n FROM customers GROUP BY state;
CREATE UNIQUE INDEX ON per_state (state);

INSERT INTO customers (email, name, born)
SELECT 'u' || n || '@example.org', CASE WHEN n % 3 = 0 THEN 'O''Neil, "x" \ {y}' ELSE 'name ' || n END,
       date '1990-01-31' + n
FROM generate_series(1, 600) AS n;
INSERT INTO "Mixed Case"."Order"
SELECT n, n % 500 + 1, ARRAY['a,b', CASE WHEN n % 2 = 0 THEN 'say "hi"' ELSE 'NULL' END, ''],
       jsonb_build_object('kind', 'k' || n % 5), int4range(n * 10, n * 10 + 5), box(point(n, n), point(0, 0)),
       ARRAY[n % 4, 7], n
FROM generate_series(1, 400) AS n;
INSERT INTO events SELECT timestamptz '2024-01-01 00:00+00' + n * interval '1 hour', n FROM generate_series(1, 500) AS n;
INSERT INTO animals SELECT 'a' || n FROM generate_series(1, 50) AS n;
INSERT INTO cats SELECT 'c' || n, 9 FROM generate_series(1, 50) AS n;
INSERT INTO guarded SELECT n, 'somebody' FROM generate_series(1, 100) AS n;
INSERT INTO scratch SELECT generate_series(1, 20);
SELECT nextval('ticket'), nextval('ticket');

CREATE STATISTICS customer_pairs (ndistinct, dependencies, mcv) ON name, born FROM customers;
ANALYZE customers, "Mixed Case"."Order", events, animals, cats, guarded;
SELECT count(*) FROM customers WHERE id = 5;
