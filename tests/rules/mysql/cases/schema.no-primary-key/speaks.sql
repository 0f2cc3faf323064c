-- None at all; a unique key with NULLs does not do; a partitioned table and one with a counter have no SQL.
CREATE TABLE events (at datetime NOT NULL, row_id int, what varchar(20), UNIQUE KEY what (what));
INSERT INTO events (at, what) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT '2024-01-01' + INTERVAL n HOUR, concat('e', n) FROM s;
INSERT INTO events (at, what) SELECT at, concat('x', what) FROM events;
CREATE TABLE parted (day int NOT NULL, what int) PARTITION BY HASH (day) PARTITIONS 2;
CREATE TABLE counted (n int NOT NULL AUTO_INCREMENT, what int, KEY n (n));
ANALYZE TABLE events;

-- workload
SELECT what FROM events WHERE at > '2024-01-03';
