-- Three columns of text in each entry of three indexes.
-- options: {"bloat_bytes": 0}
CREATE TABLE mails (tenant char(30) NOT NULL, box char(30) NOT NULL, message char(60) NOT NULL, a int, b int, c int,
  PRIMARY KEY (tenant, box, message), KEY a (a), KEY b (b), KEY c (c)) CHARACTER SET latin1;
INSERT INTO mails WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('tenant ', n % 5), concat('box ', n % 50), concat('message ', n), n, n, n FROM s;
INSERT INTO mails SELECT tenant, box, concat('another ', message), a, b, c FROM mails;
ANALYZE TABLE mails;

-- workload
SELECT a FROM mails WHERE a > 7;
