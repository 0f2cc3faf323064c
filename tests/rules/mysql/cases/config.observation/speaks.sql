-- As MariaDB comes: performance_schema and the slow log are off.
-- server: {"statement_digests": false, "index_counters": ""}
-- settings: {"performance_schema": "OFF", "slow_query_log": "OFF", "long_query_time": "10.000000"}
CREATE TABLE t (id int PRIMARY KEY, v int);

-- workload
SELECT v FROM t WHERE v > 7;
