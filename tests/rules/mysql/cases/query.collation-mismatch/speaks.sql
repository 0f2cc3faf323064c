-- latin1 and utf8mb3 joined with utf8mb4, one tied by a foreign key; utf8mb3 with a collation of another name.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) NOT NULL, kind int NOT NULL, KEY kind (kind),
  KEY code (code)) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE TABLE old_codes (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) CHARACTER SET latin1 COLLATE latin1_swedish_ci NOT NULL DEFAULT '' COMMENT 'old, (very)',
  pad char(200) NOT NULL, KEY code (code));
CREATE TABLE parents (code varchar(20) NOT NULL PRIMARY KEY) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci;
CREATE TABLE tied_codes (id int PRIMARY KEY AUTO_INCREMENT, code varchar(20) NOT NULL, pad char(200) NOT NULL, KEY code (code),
  CONSTRAINT tied FOREIGN KEY (code) REFERENCES parents (code)) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci;
INSERT INTO orders (code, kind) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('c', n), n FROM s;
INSERT INTO orders (code, kind) SELECT concat(code, 'x'), kind + 1000 FROM orders;
INSERT INTO old_codes (code, pad) SELECT code, 'x' FROM orders;
INSERT INTO parents SELECT code FROM orders;
INSERT INTO tied_codes (code, pad) SELECT code, 'x' FROM orders;
ANALYZE TABLE orders, old_codes, parents, tied_codes;

-- workload
-- calls: 20
SELECT l.pad FROM orders o JOIN old_codes l ON l.code = o.code WHERE o.kind = 5;
-- calls: 20
SELECT l.pad FROM orders o, old_codes l WHERE o.code = l.code AND o.kind IN (5, 6);
-- calls: 20
SELECT t.pad FROM orders o LEFT JOIN tied_codes t ON t.code = o.code WHERE o.kind = 5;
