SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders DROP FOREIGN KEY orders_customer, ALGORITHM=INPLACE, LOCK=NONE;
ALTER TABLE orders MODIFY customer_id varchar(20) NOT NULL;
