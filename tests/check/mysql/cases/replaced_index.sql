SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ADD INDEX placed_state (placed, state), ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders DROP INDEX placed, ALGORITHM=INPLACE, LOCK=NONE;
