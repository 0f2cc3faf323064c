-- In MySQL and MariaDB indexes of different tables may have one name: each is dropped on its own table.
CREATE TABLE one (id int PRIMARY KEY AUTO_INCREMENT, a int NOT NULL, b int NOT NULL, KEY a (a), KEY a_b (a, b));
CREATE TABLE other (id int PRIMARY KEY AUTO_INCREMENT, a int NOT NULL, b int NOT NULL, KEY a (a), KEY a_b (a, b));
CREATE TABLE third (id int PRIMARY KEY AUTO_INCREMENT, a int NOT NULL, b int NOT NULL, KEY a (a));
INSERT INTO one (a, b) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990) SELECT n, n FROM s;
INSERT INTO one (a, b) SELECT a + 1000, b FROM one;
INSERT INTO other (a, b) SELECT a, b FROM one;
INSERT INTO third (a, b) SELECT a, b FROM one;
ANALYZE TABLE one, other, third;

-- workload
SELECT b FROM third WHERE a BETWEEN 7 AND 9;
