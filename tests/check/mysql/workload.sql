-- calls: 50000
SELECT * FROM orders WHERE customer_id = 123;
-- calls: 1000
SELECT count(*) FROM orders WHERE placed > '2025-03-09';
-- calls: 200
SELECT o.id, c.name, c.note FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.mail = 'm5@x';
-- calls: 3000
UPDATE orders SET state = 'paid' WHERE id = 5;
-- calls: 9000
INSERT INTO items (order_id, n, product, amount) VALUES (1, 5, 3, 2);
-- calls: 40
SELECT name FROM countries WHERE code = 'de';
-- calls: 600
SELECT order_id FROM items WHERE product = 17;
