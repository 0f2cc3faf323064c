-- As text, as bytes of an unknown version, as text that others refer to.
CREATE TABLE carts (id char(36) CHARACTER SET ascii NOT NULL, a int, b int, PRIMARY KEY (id), KEY a (a), KEY b (b));
CREATE TABLE bins (uuid binary(16) NOT NULL PRIMARY KEY, a int);
CREATE TABLE parents (guid varchar(36) NOT NULL PRIMARY KEY, a int, KEY a (a));
CREATE TABLE children (id int PRIMARY KEY, parent varchar(36), FOREIGN KEY p (parent) REFERENCES parents (guid));
INSERT INTO carts WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat(substr(sha2(n, 256), 1, 8), '-', substr(sha2(n, 256), 9, 4), '-4', substr(sha2(n, 256), 14, 3), '-9', substr(sha2(n, 256), 18, 3),
  '-', substr(sha2(n, 256), 20, 12)), n, n FROM s;
INSERT INTO carts SELECT concat(substr(sha2(a + 1000, 256), 1, 8), '-', substr(sha2(a, 256), 9, 4), '-4', substr(sha2(a, 256), 14, 3), '-9',
  substr(sha2(a, 256), 18, 3), '-', substr(sha2(a, 256), 20, 12)), a, b FROM carts;
INSERT INTO bins SELECT unhex(left(sha2(id, 256), 32)), a FROM carts;
INSERT INTO parents SELECT id, a FROM carts;
ANALYZE TABLE carts, bins, parents;
-- mysql: ANALYZE TABLE carts UPDATE HISTOGRAM ON id;
-- mariadb: ANALYZE TABLE carts PERSISTENT FOR ALL;

-- workload
SELECT id FROM carts WHERE a > 7;
