-- userstat does not say since when it counts: the index is only mentioned.
-- options: {"small_index_bytes": 0}
-- server: {"uptime_seconds": 2000000, "index_counters": "userstat"}
-- only: mariadb
SET GLOBAL userstat = ON;
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, state int NOT NULL, total int NOT NULL, KEY state (state),
  KEY total (total) IGNORED);
INSERT INTO orders (state, total) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900)
  SELECT n, n FROM s;
ANALYZE TABLE orders;

-- workload
SELECT total FROM orders WHERE id < 7;
