-- One of the two is enough.
-- server: {"statement_digests": false}
-- settings: {"performance_schema": "OFF", "slow_query_log": "ON"}
CREATE TABLE t (id int PRIMARY KEY, v int);

-- workload
SELECT v FROM t WHERE v > 7;
