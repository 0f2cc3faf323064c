SELECT id FROM orders WHERE total = 17.5;

SELECT nope FROM orders;

SELECT * FROM orders WHERE customer_id = 123;
