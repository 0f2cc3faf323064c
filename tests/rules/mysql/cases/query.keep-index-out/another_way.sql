-- A statement that a new index makes hardly cheaper, by many lookups in place of a hash join.
-- what_if: true
-- only: mysql
-- options: {"skip": []}
CREATE TABLE digits (d int PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE customers (id int PRIMARY KEY, name varchar(50) NOT NULL) STATS_SAMPLE_PAGES=5000;
INSERT INTO customers SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d, concat('Customer ', a.d) FROM digits a, digits b, digits c, digits e WHERE e.d < 8;
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, note text NOT NULL) STATS_SAMPLE_PAGES=5000;
INSERT INTO orders SELECT c.id * 10 + d, (c.id * 7919 + d * 104729) % 8000, concat('as agreed with the customer, number ', c.id, ' and ', d) FROM customers c, digits;
ANALYZE TABLE customers, orders, digits;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON customer WITH 100 BUCKETS;
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR ALL;

-- workload
-- calls: 50000
SELECT * FROM orders WHERE customer = 370;
-- calls: 1
SELECT c.name, o.note FROM customers c JOIN orders o ON o.customer = c.id WHERE c.name <> 'Customer 3' ORDER BY o.note;
