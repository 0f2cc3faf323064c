-- Each region is read as a whole, which is too much for an index. A new region has no partition on MySQL.
-- options: {"only": ["partition.missing"], "partition_bytes": 1000000}
-- what_if: true
-- as of 2026-01-20T12:00:00+00:00
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE readings (id int NOT NULL AUTO_INCREMENT, region varchar(20) NOT NULL, value int NOT NULL,
  note varchar(500) NOT NULL, PRIMARY KEY (id, region), KEY region (region));
INSERT INTO readings (region, value, note)
SELECT ELT(1 + i % 6, 'africa', 'america', 'asia', 'australia', 'europe', 'o''seas'), i % 1000, REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
DROP TABLE digits;
-- mysql: ANALYZE TABLE readings UPDATE HISTOGRAM ON region WITH 100 BUCKETS;
-- mysql: ANALYZE TABLE readings;
-- mariadb: SET histogram_type = 'JSON_HB';
-- mariadb: ANALYZE TABLE readings PERSISTENT FOR ALL;

-- workload
-- calls: 400
SELECT max(note), sum(value) FROM readings WHERE region = 'asia';
-- calls: 50
SELECT value, note FROM readings WHERE region IN ('o''seas') ORDER BY note LIMIT 5;
-- calls: 50
SELECT note FROM readings WHERE region = 'america' AND id = 8;
