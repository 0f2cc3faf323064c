-- The FULLTEXT index is there, and only the statement has to be written in another way; one of two columns is not it.
-- what_if: true
CREATE TABLE articles (id int PRIMARY KEY AUTO_INCREMENT, title varchar(100) NOT NULL, body text NOT NULL, author int NOT NULL,
  KEY author (author), FULLTEXT KEY words (body), FULLTEXT KEY more_words (title, body)) CHARACTER SET utf8mb4
  COLLATE utf8mb4_general_ci;
INSERT INTO articles (title, body, author) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('About ', n), concat('storage engine ', n, ' and its index of words'), n FROM s;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
INSERT INTO articles (title, body, author) SELECT title, body, author FROM articles;
ANALYZE TABLE articles;

-- workload
-- calls: 500
SELECT id FROM articles WHERE body LIKE '%tantalum%';
-- calls: 300
SELECT id FROM articles WHERE title LIKE '%tantalum%';
