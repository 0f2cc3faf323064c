-- no workload
SET SESSION lock_wait_timeout = 5;
ALTER TABLE customers RENAME COLUMN name TO full_name, ALGORITHM=INSTANT;
RENAME TABLE orders TO purchases;
