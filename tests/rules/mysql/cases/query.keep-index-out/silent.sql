-- The new index is read as the old one was, a statement becomes cheaper by far, or it is fast as it is.
-- what_if: true
-- options: {"skip": []}
CREATE TABLE digits (d int PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, state int NOT NULL, note text NOT NULL, KEY of_customer (customer)) STATS_SAMPLE_PAGES=5000;
INSERT INTO orders SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d, (a.d * 7 + b.d) % 20, (c.d * 91 + e.d * 13 + f.d) % 500, 'as agreed with the customer' FROM digits a, digits b, digits c, digits e, digits f WHERE f.d < 8;
ANALYZE TABLE orders, digits;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON customer, state WITH 100 BUCKETS;
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR ALL;

-- workload
-- calls: 50000
SELECT * FROM orders WHERE customer = 7 AND state = 370;
-- calls: 1
SELECT max(note) FROM orders WHERE customer = 7;
-- calls: 10
SELECT note FROM orders WHERE id = 370;
