SET lock_timeout = '2s';
ALTER TABLE orders ADD COLUMN flag boolean;
UPDATE orders SET flag = true;
DELETE FROM lines WHERE order_id = 5;
DELETE FROM countries;
INSERT INTO orders (customer_id, state, placed) SELECT customer_id, state, placed FROM orders;
