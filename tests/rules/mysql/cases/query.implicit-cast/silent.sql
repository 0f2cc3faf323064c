-- Strings against numbers; text without an index; a sum; a column that only has the name.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, reference varchar(20) NOT NULL, zip char(5) NOT NULL, n int NOT NULL,
  pad char(200) NOT NULL, KEY reference (reference), KEY n (n)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO orders (reference, zip, n, pad) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT n, 10000 + n, n, 'x' FROM s;
INSERT INTO orders (reference, zip, n, pad) SELECT reference + 1000, zip + 1000, n, pad FROM orders;
CREATE TABLE items (id int PRIMARY KEY AUTO_INCREMENT, reference int NOT NULL, kind int NOT NULL, KEY kind (kind));
INSERT INTO items (reference, kind) SELECT n, n FROM orders;
ANALYZE TABLE orders, items;

-- workload
SELECT id FROM orders WHERE n = '7';
SELECT n FROM orders WHERE zip = 10007;
SELECT n FROM orders WHERE reference = '7';
SELECT kind FROM items WHERE reference = 7;
SELECT n FROM orders WHERE reference LIKE '7%' AND n = 5;
