-- Even ones, a small table in one of its partitions, and rows behind the last range, of which partition.default speaks.
-- options: {"only": ["partition.too-few"], "partition_bytes": 1000000}
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE events (tenant int NOT NULL, note varchar(300) NOT NULL, KEY tenant (tenant)) PARTITION BY HASH (tenant) PARTITIONS 4;
INSERT INTO events SELECT n, REPEAT('x', 280) FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
CREATE TABLE states (id int NOT NULL PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2;
INSERT INTO states VALUES (1);
CREATE TABLE visits (id int NOT NULL, note varchar(300) NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id) (
  PARTITION p0 VALUES LESS THAN (100), PARTITION pmax VALUES LESS THAN MAXVALUE);
INSERT INTO visits SELECT n, REPEAT('x', 280) FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
ANALYZE TABLE visits, states, events;

-- workload
SELECT note FROM visits WHERE id = 7;
