-- Small; numbers; text that is none.
CREATE TABLE small (uuid char(36) PRIMARY KEY);
CREATE TABLE numbers (id int PRIMARY KEY, uuid char(36), KEY uuid (uuid));
CREATE TABLE codes (code varchar(36) PRIMARY KEY, a int);
INSERT INTO numbers WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990) SELECT n, left(sha2(n, 256), 32) FROM s;
INSERT INTO numbers SELECT id + 1000, uuid FROM numbers;
INSERT INTO codes SELECT concat('code ', id), id FROM numbers;
ANALYZE TABLE numbers, codes;

-- workload
SELECT id FROM numbers WHERE uuid LIKE 'x%';
