-- One key has an index in another order, one a partial index without NULL, one gets its index from the workload.
CREATE TABLE orders (id bigint, shop int, note text, PRIMARY KEY (id, shop));
CREATE TABLE people (id bigint PRIMARY KEY, note text);
CREATE TABLE items (
    id bigint PRIMARY KEY, order_id bigint, shop int, buyer bigint REFERENCES people, seller bigint REFERENCES people,
    FOREIGN KEY (order_id, shop) REFERENCES orders
);
INSERT INTO orders SELECT i, i % 10, 'note' FROM generate_series(1, 10000) i;
INSERT INTO people SELECT i, 'note' FROM generate_series(1, 10000) i;
INSERT INTO items SELECT i, i % 9000 + 1, (i % 9000 + 1) % 10, i % 9000 + 1, i % 9000 + 1 FROM generate_series(1, 40000) i;
CREATE INDEX items_shop_order ON items (shop, order_id, id);
CREATE INDEX items_buyer ON items (buyer) WHERE buyer IS NOT NULL;
DELETE FROM orders WHERE id > 9990;
DELETE FROM people WHERE id > 9990;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM items WHERE seller = 7;
