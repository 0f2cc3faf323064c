-- Silent: a table made in the same migration is nobody's yet.
SET lock_timeout = '2s';
CREATE TABLE parcels (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders, weight int);
CREATE INDEX parcels_order ON parcels (order_id);
ALTER TABLE parcels ADD CONSTRAINT weighs CHECK (weight > 0);
ALTER TABLE parcels ALTER COLUMN weight TYPE bigint;
ALTER TABLE parcels ALTER COLUMN weight SET NOT NULL;
ALTER TABLE parcels RENAME TO packets;
UPDATE packets SET weight = 1;
DROP TABLE packets;
