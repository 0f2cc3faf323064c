-- Dropped, and the statements that read it scan the table from now on.
SET lock_timeout = '2s';
DROP INDEX orders_customer_idx;
