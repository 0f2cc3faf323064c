-- Silent: a moment in the catalog each.
SET lock_timeout = '2s';
ALTER TABLE orders ALTER COLUMN code TYPE varchar(50);
ALTER TABLE orders ALTER COLUMN code TYPE text;
ALTER TABLE orders ADD COLUMN flag boolean NOT NULL DEFAULT false, ADD COLUMN seen timestamptz DEFAULT now();
ALTER TABLE customers DROP COLUMN city;
ALTER TABLE countries ALTER COLUMN code TYPE text;
COMMENT ON TABLE orders IS 'it''s fine; really';
