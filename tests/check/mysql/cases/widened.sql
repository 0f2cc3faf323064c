SET SESSION lock_wait_timeout = 5;
ALTER TABLE customers MODIFY city varchar(60);
