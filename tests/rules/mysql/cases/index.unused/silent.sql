-- Read once, small, or counted by nobody.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, state int NOT NULL, total int NOT NULL, KEY state (state));
INSERT INTO orders (state, total) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900)
  SELECT n, n FROM s;
ANALYZE TABLE orders;

-- workload
SELECT total FROM orders WHERE state = 7;
