-- Constraints and indexes as they have grown, with the troubles that such a schema usually has.

ALTER TABLE customers
    ADD CONSTRAINT customers_email_key UNIQUE (email),
    ADD INDEX customers_email_idx (email),                                    -- a duplicate of the constraint's
    ADD INDEX customers_country_idx (country),                                -- redundant: the next one begins with it
    ADD INDEX customers_country_city_idx (country, city);

ALTER TABLE products
    ADD CONSTRAINT products_sku_key UNIQUE (sku),
    ADD CONSTRAINT products_category FOREIGN KEY (category_id) REFERENCES categories (id);

ALTER TABLE orders
    ADD INDEX orders_coupon_code_idx (coupon_code);                           -- no statement asks for it

ALTER TABLE order_items
    ADD INDEX order_items_order_id_idx (order_id),                            -- redundant with the next one
    ADD INDEX order_items_order_id_product_id_idx (order_id, product_id);

ALTER TABLE reviews ADD CONSTRAINT reviews_customer FOREIGN KEY (customer_id) REFERENCES customers (id);

ALTER TABLE events ADD INDEX events_session_id_idx (session_id);              -- large, and no statement uses it
ALTER TABLE sessions ADD INDEX sessions_expires_at_idx (expires_at);
