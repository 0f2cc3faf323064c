-- The same where a service keeps the variables: there is no SQL to run.
-- server: {"statement_digests": false, "index_counters": "", "managed_by": "Amazon RDS"}
-- settings: {"performance_schema": "OFF", "slow_query_log": "OFF", "long_query_time": "0.100000"}
CREATE TABLE t (id int PRIMARY KEY, v int);

-- workload
SELECT v FROM t WHERE v > 7;
