-- Tenants are told by a text, which both servers hash in a way of their own (KEY).
-- options: {"partition_bytes": 1000000, "only": ["partition.missing"]}
-- what_if: true
-- only: mysql
-- as of 2026-01-20T12:00:00+00:00
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE events (id int NOT NULL PRIMARY KEY, tenant varchar(20) NOT NULL, note varchar(500) NOT NULL, KEY tenant (tenant));
INSERT INTO events SELECT i, CONCAT('t', IF(i % 5 < 3, i % 30, 1000 + i % 4001)), REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
DROP TABLE digits;
-- mysql: ANALYZE TABLE events UPDATE HISTOGRAM ON tenant WITH 100 BUCKETS;
-- mysql: ANALYZE TABLE events;
-- mariadb: SET histogram_type = 'JSON_HB';
-- mariadb: ANALYZE TABLE events PERSISTENT FOR ALL;

-- workload
-- calls: 100
SELECT count(*), max(note) FROM events WHERE tenant = 't12';
-- calls: 100
SELECT max(note) FROM events WHERE tenant IN ('t7', 't16');
