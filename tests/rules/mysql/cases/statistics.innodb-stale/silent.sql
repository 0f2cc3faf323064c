-- Counted, and old but counted by itself when it changes.
CREATE TABLE fresh (id int PRIMARY KEY AUTO_INCREMENT, v int) STATS_AUTO_RECALC = 0;
CREATE TABLE old (id int PRIMARY KEY AUTO_INCREMENT, v int);
INSERT INTO fresh (v) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990) SELECT n FROM s;
INSERT INTO fresh (v) SELECT v FROM fresh;
INSERT INTO old (v) SELECT v FROM fresh;
ANALYZE TABLE fresh, old;
UPDATE mysql.innodb_table_stats SET last_update = '2020-01-01' WHERE database_name = 'cases' AND table_name = 'old';

-- workload
SELECT v FROM fresh WHERE v > 7;
