-- Asked for by user and by state, which an index finds: neither a hash nor a list is worth a word.
-- options: {"partition_bytes": 1000000, "only": ["partition.missing"]}
-- what_if: true
-- as of 2026-01-20T12:00:00+00:00
CREATE TABLE digits AS SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7
   UNION SELECT 8 UNION SELECT 9;
CREATE TABLE orders (id int NOT NULL, user_id int NOT NULL, state varchar(20) NOT NULL, note varchar(500) NOT NULL,
  PRIMARY KEY (id, user_id, state), KEY user_id (user_id), KEY state (state));
INSERT INTO orders SELECT i, i * 7919 % 5000, IF(i % 100 = 0, ELT(1 + i DIV 100 % 4, 'new', 'paid', 'sent', 'lost'), 'done'), REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
DROP TABLE digits;
-- mysql: ANALYZE TABLE orders UPDATE HISTOGRAM ON user_id, state WITH 100 BUCKETS;
-- mysql: ANALYZE TABLE orders;
-- mariadb: SET histogram_type = 'JSON_HB';
-- mariadb: ANALYZE TABLE orders PERSISTENT FOR ALL;

-- workload
-- calls: 100
SELECT note FROM orders WHERE user_id = 77;
-- calls: 100
SELECT note FROM orders WHERE user_id IN (5, 78);
-- calls: 100
SELECT note FROM orders WHERE state = 'new' ORDER BY id;
