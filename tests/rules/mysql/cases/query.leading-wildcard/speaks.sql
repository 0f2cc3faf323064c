-- Words in the middle of texts: several statements of one column, an alias, CONCAT, a text that another index covers.
-- what_if: true
CREATE TABLE articles (id int PRIMARY KEY AUTO_INCREMENT, title varchar(100) NOT NULL, body text NOT NULL, author int NOT NULL,
  KEY author (author), KEY title (title)) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO articles (title, body, author) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('About ', n), concat('storage engine ', n, ' and its index of words'), n FROM s;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
ANALYZE TABLE articles;

-- workload
-- calls: 500
SELECT id, title FROM articles WHERE body LIKE '%tantalum%';
-- calls: 300
SELECT a.id FROM articles AS a WHERE a.`body` LIKE CONCAT('%', 'red apples', '%') AND a.author > 5 ORDER BY a.title LIMIT 10;
-- calls: 200
SELECT count(*) FROM articles WHERE body LIKE "%of tantalum%";
-- calls: 200
SELECT title FROM articles WHERE title LIKE '%tantalum%';
