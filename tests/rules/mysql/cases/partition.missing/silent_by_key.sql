-- Asked for by the primary key alone.
-- options: {"only": ["partition.missing"], "partition_bytes": 1000000}
-- what_if: true
-- as of 2026-01-20T12:00:00+00:00
CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id int NOT NULL, at datetime NOT NULL,
  note varchar(500) NOT NULL, KEY user_id (user_id));
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
INSERT INTO orders (user_id, at, note) SELECT i * 7919 % 5000, DATE_ADD('2022-10-01', INTERVAL i * 88 MINUTE), REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
DROP TABLE digits;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON at WITH 100 BUCKETS;
-- mysql: ANALYZE TABLE orders;
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR ALL;

-- workload
-- calls: 100
SELECT note FROM orders WHERE id = 77;
-- calls: 100
SELECT note FROM orders WHERE user_id = 77;
