SET SESSION lock_wait_timeout = 5, foreign_key_checks = OFF;
ALTER TABLE items ADD CONSTRAINT items_order FOREIGN KEY (order_id) REFERENCES orders (id), ALGORITHM=INPLACE, LOCK=NONE;
SET FOREIGN_KEY_CHECKS=1;
