-- calls: 50000
SELECT * FROM orders WHERE customer_id = 123;
-- calls: 1000
SELECT count(*) FROM orders WHERE placed > '2025-05-10';
-- calls: 200
SELECT o.id, c.name, c.note FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.mail = 'm5@x';
-- calls: 3000
UPDATE orders SET state = 'paid' WHERE id = 5;
-- calls: 9000
INSERT INTO lines (order_id, n, product, amount) VALUES (1, 5, 3, 2.0);
-- calls: 40
SELECT * FROM paid WHERE id = 7;
-- calls: 100
SELECT * FROM events WHERE at BETWEEN '2025-03-01' AND '2025-03-02';
-- calls: 700
SELECT id FROM orders WHERE code = 'c77';
