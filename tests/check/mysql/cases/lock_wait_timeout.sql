SET SESSION lock_wait_timeout = 31536000;
RENAME TABLE countries TO states, states TO countries;
ALTER TABLE orders ADD COLUMN a int, ALGORITHM=INSTANT;
