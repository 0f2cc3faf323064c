-- no workload: nobody knows who uses it.
SET lock_timeout = '2s';
ALTER TABLE customers RENAME TO clients;
ALTER TABLE orders RENAME COLUMN code TO order_code;
ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO orders_key;
