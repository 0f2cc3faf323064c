-- the first one of many
SELECT * FROM orders WHERE total = 17 AND placed > '2025-02-01';
SELECT * FROM orders WHERE id = $1;

SELECT count(*) FROM lines;
SELECT nope FROM orders;
SELECT * FROM orders LIMIT 5;
SELECT * FROM countries;
SELECT id FROM orders WHERE code = 'another';
