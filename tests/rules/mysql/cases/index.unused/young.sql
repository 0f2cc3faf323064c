-- The server was started yesterday: the index is only mentioned. Of a hidden one nothing is said.
-- options: {"small_index_bytes": 0}
-- server: {"uptime_seconds": 86400, "index_counters": "performance_schema"}
-- only: mysql
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, state int NOT NULL, total int NOT NULL, KEY state (state),
  KEY total (total) INVISIBLE);
INSERT INTO orders (state, total) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900)
  SELECT n, n FROM s;
ANALYZE TABLE orders;

-- workload
SELECT total FROM orders WHERE id < 7;
