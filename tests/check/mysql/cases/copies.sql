SET SESSION lock_wait_timeout = 5;
/* a type that needs every
   value converted */
ALTER TABLE orders MODIFY COLUMN total decimal(14, 2);
ALTER TABLE customers CONVERT TO CHARACTER SET latin1;
ALTER TABLE items DROP PRIMARY KEY;
ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0);
ALTER TABLE orders ADD COLUMN note varchar(20), ALGORITHM=COPY;

