-- Silent: what takes its place is built first.
CREATE INDEX CONCURRENTLY orders_customer_placed ON orders (customer_id, placed);
DROP INDEX CONCURRENTLY orders_customer_idx;
