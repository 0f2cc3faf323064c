CREATE INDEX CONCURRENTLY events_kind ON events (kind);
ALTER TABLE orders ALTER COLUMN code TYPE int;
ALTER TABLE orders ALTER COLUMN total TYPE numeric(14, 2);
DROP TABLE customers;
ALTER TABLE nowhere ADD COLUMN a int;
