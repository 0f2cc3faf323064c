-- Known by an index, or by a histogram; one table only.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, customer_id int, state char(4), region int, KEY c (customer_id),
  KEY region (region));
CREATE TABLE customers (id int PRIMARY KEY AUTO_INCREMENT, grade int);
INSERT INTO customers (grade) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990) SELECT n % 5 FROM s;
INSERT INTO orders (customer_id, state, region) SELECT id, if(id % 50, 'done', 'open'), id % 9 FROM customers;
INSERT INTO orders (customer_id, state, region) SELECT id, 'done', region FROM orders;
ANALYZE TABLE orders, customers;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON state WITH 10 BUCKETS;
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR COLUMNS (state) INDEXES ();

-- workload
SELECT c.grade FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.state = 'open' AND o.region > 7;
SELECT id FROM customers WHERE grade = 3;
