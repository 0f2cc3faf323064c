-- migrate:up
SET lock_timeout = '2s';
CREATE INDEX CONCURRENTLY orders_state ON orders (state);

-- migrate:down
DROP INDEX orders_state;
DROP TABLE orders;
