-- A name as golang-migrate gives it, and so may anybody.
SET lock_timeout = 0;
CREATE INDEX CONCURRENTLY orders_state ON orders (state);
