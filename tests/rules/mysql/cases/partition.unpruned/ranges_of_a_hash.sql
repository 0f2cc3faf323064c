-- By hash of a number that is asked for by ranges, which prune nothing.
-- options: {"only": ["partition.unpruned"]}
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE visits (id int NOT NULL, at int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY HASH (at) PARTITIONS 8;
INSERT INTO visits SELECT n, n FROM (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
ANALYZE TABLE visits;

-- workload
-- calls: 100
SELECT count(*) FROM visits WHERE at > 500 AND at < 900;
