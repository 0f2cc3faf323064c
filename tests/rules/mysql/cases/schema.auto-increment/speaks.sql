-- At the end of each type; with foreign keys, one of them to the table itself; bigint has no wider one.
CREATE TABLE plain (id int unsigned NOT NULL AUTO_INCREMENT COMMENT 'it''s, (the) key', v int, PRIMARY KEY (id))
  AUTO_INCREMENT = 4200000000;
CREATE TABLE tiny (id tinyint NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 100;
CREATE TABLE huge (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT = 9000000000000000000;
CREATE TABLE tree (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  parent int DEFAULT NULL,
  KEY parent (parent),
  CONSTRAINT tree_parent FOREIGN KEY (parent) REFERENCES tree (id) ON DELETE CASCADE
) AUTO_INCREMENT = 1500000000;
CREATE TABLE leaves (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
  tree_id int NOT NULL,
  other_id int DEFAULT NULL,
  KEY tree_id (tree_id),
  KEY other_id (other_id),
  CONSTRAINT leaves_tree FOREIGN KEY (tree_id) REFERENCES tree (id) ON UPDATE CASCADE,
  CONSTRAINT leaves_other FOREIGN KEY (other_id) REFERENCES tree (id) ON DELETE SET NULL
);
INSERT INTO tree (id, parent) VALUES (1, NULL), (2, 1);
INSERT INTO leaves (tree_id, other_id) VALUES (2, 1);

-- workload
SELECT id FROM plain WHERE v > 7;
