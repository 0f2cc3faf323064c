-- The same column, and not the same: other direction, length, kind; a small table.
CREATE TABLE t (
  id int PRIMARY KEY AUTO_INCREMENT,
  a varchar(60) NOT NULL,
  b int NOT NULL,
  KEY a (a),
  KEY a_10 (a(10)),
  FULLTEXT KEY a_words (a),
  UNIQUE KEY b (b, id),
  UNIQUE KEY id_b (id, b)
);
INSERT INTO t (a, b) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('text ', n), n FROM s;
INSERT INTO t (a, b) SELECT a, b FROM t;
CREATE TABLE small (a int, KEY a (a), KEY a_too (a));
ANALYZE TABLE t, small;

-- workload
-- a_10 alone is read by nobody, and one of more characters is there
SELECT id FROM t USE INDEX (a_10) WHERE a = 'text 7';
