ALTER TABLE orders ADD COLUMN paid_at datetime;
# another comment
CREATE INDEX total ON orders (total);
ALTER TABLE orders DROP INDEX code;
DROP INDEX total ON orders;
