SET SESSION lock_wait_timeout = 5;
-- two names change places: what is dropped is the column that no statement reads
ALTER TABLE customers RENAME COLUMN city TO name, RENAME COLUMN name TO city, ALGORITHM=INSTANT;
ALTER TABLE customers RENAME COLUMN city TO spare, RENAME COLUMN name TO city, ALGORITHM=INSTANT;
ALTER TABLE customers RENAME COLUMN spare TO name, ALGORITHM=INSTANT;
ALTER TABLE orders DROP COLUMN Filler, ALGORITHM=INPLACE, LOCK=NONE;
RENAME TABLE items TO tmp, tmp TO items;
