-- Two tables go by the switch, one says so itself.
-- settings: {"innodb_stats_persistent": "OFF"}
CREATE TABLE a (id int PRIMARY KEY, v int);
CREATE TABLE b (id int PRIMARY KEY, v int);
CREATE TABLE c (id int PRIMARY KEY, v int) STATS_PERSISTENT = 1;

-- workload
SELECT v FROM a WHERE v > 7;
