-- Nothing reads the index, since a join converts its column: the advice on the join counts on it, so it stays.
-- options: {"small_index_bytes": 0}
-- server: {"uptime_seconds": 2000000, "index_counters": "performance_schema"}
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) NOT NULL, kind int NOT NULL, KEY kind (kind))
  CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE codes (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) NOT NULL, pad char(200) NOT NULL, KEY code (code))
  CHARACTER SET latin1 COLLATE latin1_swedish_ci;
INSERT INTO orders (code, kind) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('c', n), n FROM s;
INSERT INTO orders (code, kind) SELECT concat(code, 'x'), kind + 1000 FROM orders;
INSERT INTO codes (code, pad) SELECT code, 'x' FROM orders;
ANALYZE TABLE orders, codes;

-- workload
-- calls: 20
SELECT c.pad FROM orders o JOIN codes c ON c.code = o.code WHERE o.kind = 5;
