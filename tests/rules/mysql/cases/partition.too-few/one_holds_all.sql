-- A range that was never split, a value that most rows have, and a hash of numbers in steps of its count.
-- options: {"only": ["partition.too-few"], "partition_bytes": 1000000}
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE visits (id int NOT NULL, note varchar(300) NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id) (
  PARTITION p0 VALUES LESS THAN (9900), PARTITION p1 VALUES LESS THAN (20000), PARTITION pmax VALUES LESS THAN MAXVALUE);
INSERT INTO visits SELECT n, REPEAT('x', 280) FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
CREATE TABLE payments (id int NOT NULL, state varchar(10) NOT NULL, note varchar(300) NOT NULL, PRIMARY KEY (id, state))
  PARTITION BY LIST COLUMNS (state) (PARTITION `the "new" one` VALUES IN ('new'), PARTITION rest VALUES IN ('done', 'lost'));
INSERT INTO payments SELECT n, IF(n % 100 = 0, 'new', 'done'), REPEAT('x', 280) FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
CREATE TABLE events (tenant int NOT NULL, note varchar(300) NOT NULL, KEY tenant (tenant)) PARTITION BY HASH (tenant) PARTITIONS 4;
INSERT INTO events SELECT n * 8, REPEAT('x', 280) FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
ANALYZE TABLE visits, payments, events;

-- workload
SELECT note FROM visits WHERE id = 7;
