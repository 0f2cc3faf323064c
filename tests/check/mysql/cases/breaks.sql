SET SESSION lock_wait_timeout = 5;
ALTER TABLE customers DROP COLUMN note, ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders CHANGE placed ordered_at datetime NOT NULL, ALGORITHM=INPLACE, LOCK=NONE;
RENAME TABLE items TO lines_;
DROP TABLE countries;
