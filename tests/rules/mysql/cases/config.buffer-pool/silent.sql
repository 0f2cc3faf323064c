-- As small, and what is in use fits into it.
-- server: {"uptime_seconds": 200000, "buffer_pool_requests": 1000000, "buffer_pool_reads": 600}
-- settings: {"innodb_buffer_pool_size": "1024"}
CREATE TABLE t (id int PRIMARY KEY, v int);

-- workload
SELECT v FROM t WHERE v > 7;
