-- An index on text is of no use to a comparison as bytes; the view is written anew without its condition.
SET lock_timeout = '2s';
CREATE OR REPLACE VIEW paid AS SELECT id + 0 AS id, customer_id, total FROM orders WHERE state = 'paid';
