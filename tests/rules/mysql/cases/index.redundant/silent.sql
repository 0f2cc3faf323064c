-- Alike, and not redundant: a FULLTEXT index, one that only a hidden index begins with, one of whole values beside one
-- of first characters, one in another order, the only one that a foreign key can use.
CREATE TABLE parents (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, KEY a_b (a, b));
CREATE TABLE docs (
  id int PRIMARY KEY AUTO_INCREMENT,
  title varchar(50) NOT NULL,
  body varchar(50) NOT NULL,
  a int NOT NULL,
  b int NOT NULL,
  FULLTEXT KEY words (title),
  FULLTEXT KEY all_words (title, body),
  KEY title (title),
  KEY title_start (title(5), body),
  KEY a_b (a, b),
  KEY b_a (b, a),
  CONSTRAINT docs_parent FOREIGN KEY (a) REFERENCES parents (id)
);
INSERT INTO parents WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n, n, n FROM s;
INSERT INTO docs (title, body, a, b) SELECT concat('title ', p.id), concat('body ', p.id), p.id, p.a FROM parents p;
INSERT INTO docs (title, body, a, b) SELECT concat('again ', p.id), concat('body ', p.id), p.id, p.a FROM parents p;
ANALYZE TABLE parents, docs;

-- workload
SELECT body FROM docs WHERE MATCH (title) AGAINST ('title');
SELECT body FROM docs WHERE title = 'title 7';
