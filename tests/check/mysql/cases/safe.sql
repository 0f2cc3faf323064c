SET SESSION lock_wait_timeout = 5;
ALTER TABLE orders ADD COLUMN paid_at datetime, ALGORITHM=INSTANT;
ALTER TABLE `orders` ALGORITHM=INPLACE, LOCK=NONE, ADD INDEX total (total);
CREATE INDEX city ON customers (city) ALGORITHM=INPLACE LOCK=NONE;
ALTER TABLE countries MODIFY name varchar(300);
CREATE TABLE refunds (id int PRIMARY KEY, order_id int NOT NULL);
ALTER TABLE refunds MODIFY order_id bigint NOT NULL, ADD KEY (order_id);
