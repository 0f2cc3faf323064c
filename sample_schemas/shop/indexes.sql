-- Constraints and indexes as they have grown, with the troubles that such a schema usually has.

ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);
CREATE INDEX customers_email_idx ON customers (email);                        -- a duplicate of the constraint's
CREATE INDEX customers_country_idx ON customers (country);                    -- redundant: the next one begins with it
CREATE INDEX customers_country_city_idx ON customers (country, city);

ALTER TABLE products ADD CONSTRAINT products_sku_key UNIQUE (sku);
ALTER TABLE products ADD FOREIGN KEY (category_id) REFERENCES categories (id);

ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers (id);   -- no index on orders (customer_id)
CREATE INDEX orders_coupon_code_idx ON orders (coupon_code);                  -- no statement asks for it

ALTER TABLE order_items ADD FOREIGN KEY (order_id) REFERENCES orders (id);
ALTER TABLE order_items ADD FOREIGN KEY (product_id) REFERENCES products (id);
CREATE INDEX order_items_order_id_idx ON order_items (order_id);              -- redundant with the next one
CREATE INDEX order_items_order_id_product_id_idx ON order_items (order_id, product_id);

ALTER TABLE payments ADD FOREIGN KEY (order_id) REFERENCES orders (id);
ALTER TABLE reviews ADD FOREIGN KEY (product_id) REFERENCES products (id);
ALTER TABLE reviews ADD FOREIGN KEY (customer_id) REFERENCES customers (id);
ALTER TABLE carts ADD FOREIGN KEY (customer_id) REFERENCES customers (id);

CREATE INDEX events_session_id_idx ON events (session_id);                    -- large, and no statement uses it
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);

-- expired sessions are deleted at night; their indexes keep the length they once had
DELETE FROM sessions WHERE expires_at < timestamptz '2026-06-15 00:00+00';
