-- The index is on the side that is not converted; the same collation.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) NOT NULL, kind int NOT NULL, KEY kind (kind),
  KEY code (code)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE old_codes (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) CHARACTER SET latin1 NOT NULL, kind int NOT NULL,
  KEY code (code), KEY kind (kind));
CREATE TABLE same (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) COLLATE utf8mb4_unicode_ci NOT NULL, KEY code (code));
INSERT INTO orders (code, kind) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('c', n), n FROM s;
INSERT INTO orders (code, kind) SELECT concat(code, 'x'), kind + 1000 FROM orders;
INSERT INTO old_codes (code, kind) SELECT code, kind FROM orders;
INSERT INTO same (code) SELECT code FROM orders;
ANALYZE TABLE orders, old_codes, same;

-- workload
SELECT o.kind FROM old_codes l JOIN orders o ON l.code = o.code WHERE l.kind = 5;
SELECT o.kind FROM same s JOIN orders o ON s.code = o.code WHERE o.kind = 5;
