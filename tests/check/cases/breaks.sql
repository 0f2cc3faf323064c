SET lock_timeout = '2s';
ALTER TABLE customers DROP COLUMN note;
ALTER TABLE orders RENAME COLUMN code TO order_code;
DROP VIEW paid;
ALTER TABLE events RENAME TO happenings;
