-- What breaks a statement is the change of type, and not what stands before it.
SET lock_timeout = '2s';
DROP VIEW paid;
DROP MATERIALIZED VIEW totals;
DROP INDEX CONCURRENTLY orders_code_idx;
ALTER TABLE orders DROP CONSTRAINT orders_customer_id_fkey, ALTER COLUMN customer_id TYPE text;
