-- Off, and no table goes by it.
-- settings: {"innodb_stats_persistent": "OFF"}
CREATE TABLE c (id int PRIMARY KEY, v int) STATS_PERSISTENT = 1;

-- workload
SELECT v FROM c WHERE v > 7;
