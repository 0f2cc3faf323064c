CREATE ROLE {role};
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT i, 'c' || i FROM generate_series(1, 500) i;
CREATE TABLE orders (
    id          bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 3),
    number      serial,
    customer_id bigint NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL DEFAULT now(),
    total       numeric(10, 2) NOT NULL CHECK (total >= 0),
    tax         numeric(10, 2) GENERATED ALWAYS AS (total * 0.08) STORED,
    note        text DEFAULT 'none',
    changed_at  timestamptz,
    PRIMARY KEY (id) INCLUDE (customer_id)
) WITH (fillfactor = 90, autovacuum_enabled = off);
INSERT INTO orders (customer_id, created_at, total)
SELECT 1 + i % 500, timestamptz '2025-01-03 00:00+00' + i * interval '20 minutes', i % 1000
FROM generate_series(1, 22000) i;
CREATE INDEX orders_customer ON orders (customer_id, created_at DESC);
CREATE INDEX "Orders of note" ON orders (lower(note)) WHERE note <> 'none';
CREATE UNIQUE INDEX orders_number ON orders (number, {unique_with});
COMMENT ON INDEX orders_customer IS 'by customer';
COMMENT ON TABLE orders IS 'what was bought';
COMMENT ON COLUMN orders.total IS 'without tax';
ALTER TABLE orders ALTER COLUMN customer_id SET STATISTICS 500;
CREATE TABLE audit (what text, order_id bigint);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed_at := clock_timestamp(); RETURN NEW; END';
CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql
AS 'BEGIN INSERT INTO public.audit VALUES (TG_OP, coalesce(NEW.id, OLD.id)); RETURN NULL; END';
CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER noted AFTER INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION note_it();
CREATE TRIGGER never BEFORE DELETE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER never;
CREATE POLICY own ON orders FOR SELECT TO {role} USING (customer_id < 100);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON orders TO {role};
GRANT UPDATE (note) ON orders TO PUBLIC;
CREATE PUBLICATION {publication} FOR TABLE orders;
CREATE VIEW large_orders WITH (security_barrier = true) AS SELECT id, total AS amount FROM orders WHERE total > 900;
VACUUM ANALYZE;
