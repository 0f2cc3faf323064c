-- The same with keys that cannot be kept, a word index, and a statement that means the row with the same id.
-- options: {"only": ["partition.missing"], "partition_bytes": 1000000}
-- what_if: true
-- as of 2026-01-20T12:00:00+00:00
CREATE TABLE users (id int NOT NULL PRIMARY KEY);
CREATE TABLE orders (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id int NOT NULL, at datetime NOT NULL,
  note varchar(500) NOT NULL, number int NOT NULL, UNIQUE KEY number (number),
  FULLTEXT KEY words (note), CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id), KEY user_id (user_id));
SET foreign_key_checks = 0;
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
INSERT INTO orders (user_id, at, note, number) SELECT i * 7919 % 5000, DATE_ADD('2022-10-01', INTERVAL i * 88 MINUTE), REPEAT('x', 480), i FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
DROP TABLE digits;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON at WITH 100 BUCKETS;
-- mysql: ANALYZE TABLE orders;
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR ALL;

-- workload
-- calls: 100
SELECT count(*) FROM orders WHERE at >= '2024-03-01' AND at < '2024-04-01' AND note LIKE '%y%';
-- calls: 50
SELECT note FROM orders WHERE at >= '2025-02-01' AND at < '2025-02-10' ORDER BY note LIMIT 5;
SELECT note FROM orders WHERE user_id = 77;
INSERT INTO orders (id, user_id, at, note, number) VALUES (1, 1, '2025-01-01', 'x', -1)
  ON DUPLICATE KEY UPDATE note = 'y';
