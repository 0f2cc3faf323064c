SET lock_timeout = '2s';
ALTER TABLE lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id);
ALTER TABLE orders ADD CONSTRAINT counted CHECK (quantity >= 0);
ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;
ALTER TABLE events ATTACH PARTITION old_events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
