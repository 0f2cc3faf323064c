SET lock_wait_timeout = 5;
ALTER TABLE items PARTITION BY HASH (order_id) PARTITIONS 4;
