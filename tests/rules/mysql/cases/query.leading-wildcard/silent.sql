-- No word (too short, a stopword, a wildcard within), not a search for one (NOT, OR, a beginning, an end), few rows.
-- what_if: true
CREATE TABLE articles (id int PRIMARY KEY AUTO_INCREMENT, title varchar(100) NOT NULL, body text NOT NULL, author int NOT NULL,
  KEY author (author)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO articles (title, body, author) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('About ', n), concat('storage engine ', n, ' and its index of words'), n FROM s;
CREATE TABLE notes (id int PRIMARY KEY AUTO_INCREMENT, body text NOT NULL) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO notes (body) SELECT body FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
CREATE TABLE old (id int NOT NULL, at date NOT NULL, body text NOT NULL, PRIMARY KEY (id, at)) CHARACTER SET utf8mb4
  COLLATE utf8mb4_general_ci
  PARTITION BY RANGE COLUMNS (at) (PARTITION p0 VALUES LESS THAN ('2020-01-01'), PARTITION p1 VALUES LESS THAN (MAXVALUE));
INSERT INTO old SELECT id, '2019-05-05', body FROM articles;
ANALYZE TABLE articles, notes, old;

-- workload
SELECT id FROM articles WHERE body LIKE '%of%';
SELECT id FROM articles WHERE body LIKE '%ab%';
SELECT id FROM articles WHERE body LIKE '%tanta%lum%';
SELECT id FROM articles WHERE body NOT LIKE '%tantalum%';
SELECT id FROM articles WHERE body LIKE '%tantalum%' OR author = 7;
SELECT id FROM articles WHERE body LIKE 'tantalum%';
SELECT id FROM articles WHERE body LIKE '%tantalum';
SELECT id FROM articles WHERE body LIKE '%50#%tantalum%' ESCAPE '#';
SELECT id FROM articles WHERE lower(body) LIKE '%tantalum%';
SELECT id FROM articles WHERE BINARY body LIKE '%tantalum%';
SELECT id FROM articles WHERE body LIKE '%tantalum%' AND author = 7;
SELECT id FROM notes WHERE body LIKE '%tantalum%';
SELECT at FROM old WHERE body LIKE '%tantalum%';
