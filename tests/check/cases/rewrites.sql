SET lock_timeout = '2s';
ALTER TABLE lines ALTER COLUMN product TYPE bigint;
ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();
ALTER TABLE orders ADD COLUMN doubled numeric GENERATED ALWAYS AS (total * 2) STORED;
