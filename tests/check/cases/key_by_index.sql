-- Silent but for the lock: the index is there when the constraint is made.
SET lock_timeout = '2s';
CREATE UNIQUE INDEX CONCURRENTLY lines_key ON lines (product, order_id, n);
ALTER TABLE lines ADD CONSTRAINT lines_key UNIQUE USING INDEX lines_key;
