SET SESSION lock_wait_timeout = 5;
ALTER TABLE items ADD INDEX p (product), ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders ADD INDEX code_placed (code, placed), ADD UNIQUE code_once (code), ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders ADD INDEX again (placed), ALGORITHM=INPLACE, LOCK=NONE;
