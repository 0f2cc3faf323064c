-- InnoDB, and what is meant not to last.
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY) ENGINE = MEMORY;

-- workload
SELECT id FROM a WHERE id > 3;
