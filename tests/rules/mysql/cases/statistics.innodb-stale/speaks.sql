-- Four times the rows that were counted, by a table that never counts itself; one that was counted long ago.
CREATE TABLE grown (id int PRIMARY KEY AUTO_INCREMENT, v int) STATS_AUTO_RECALC = 0;
CREATE TABLE old (id int PRIMARY KEY AUTO_INCREMENT, v int) STATS_AUTO_RECALC = 0;
INSERT INTO grown (v) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990) SELECT n FROM s;
INSERT INTO old (v) SELECT v FROM grown;
INSERT INTO old (v) SELECT v FROM grown;
ANALYZE TABLE grown, old;
INSERT INTO grown (v) SELECT v FROM grown;
INSERT INTO grown (v) SELECT v FROM grown;
UPDATE mysql.innodb_table_stats SET last_update = '2020-01-01' WHERE database_name = 'cases' AND table_name = 'old';

-- workload
SELECT v FROM grown WHERE v > 7;
