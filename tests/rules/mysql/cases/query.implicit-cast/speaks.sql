-- Numbers against text: one value, a list of which one is a string already, a join.
CREATE TABLE orders (id int PRIMARY KEY AUTO_INCREMENT, reference varchar(20) NOT NULL, zip char(5) NOT NULL, n int NOT NULL,
  pad char(200) NOT NULL, KEY reference (reference), KEY zip (zip)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO orders (reference, zip, n, pad) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT n, 10000 + n, n, 'x' FROM s;
INSERT INTO orders (reference, zip, n, pad) SELECT reference + 1000, zip + 1000, n, pad FROM orders;
INSERT INTO orders (reference, zip, n, pad) SELECT reference + 2000, zip + 2000, n, pad FROM orders;
CREATE TABLE items (id int PRIMARY KEY AUTO_INCREMENT, number int NOT NULL, kind int NOT NULL, KEY kind (kind));
INSERT INTO items (number, kind) SELECT n, n FROM orders;
ANALYZE TABLE orders, items;

-- workload
-- calls: 5000
SELECT n FROM orders WHERE reference = 7;
-- calls: 20
SELECT o.n FROM orders AS o WHERE 8 = o.`reference` AND o.n > 3;
-- calls: 20
SELECT n FROM orders WHERE zip IN (10007, '10008');
-- calls: 20
SELECT o.n FROM items i JOIN orders o ON o.reference = i.number WHERE i.kind = 5;
