-- A primary key; a unique key without NULLs, which InnoDB takes for one; a table of another engine.
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (code varchar(10) NOT NULL, n int, UNIQUE KEY code (code));
CREATE TABLE c (n int) ENGINE = MEMORY;

-- workload
SELECT n FROM b WHERE code LIKE 'x%';
