-- Independent columns, statistics of the columns that are there already, one column alone, a pattern that is guessed:
-- nothing to say, though the statements were run.
-- executed
-- options: {"only": ["statistics"]}
CREATE TABLE orders (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, country text NOT NULL, city text NOT NULL);
INSERT INTO orders SELECT i, i % 10, (i / 10) % 10, 'country' || (i % 200) / 10, 'city' || i % 200
  FROM generate_series(1, 60000) i;
CREATE STATISTICS known (dependencies, mcv, ndistinct) ON country, city FROM orders;
VACUUM ANALYZE;
-- workload
SELECT * FROM orders WHERE a = 4 AND b = 5;
SELECT * FROM orders WHERE country = 'country4' AND city = 'city42';
SELECT * FROM orders WHERE a = 3;
SELECT * FROM orders WHERE city LIKE '%ity42%' AND country LIKE '%ntry4%';
SELECT a, b, count(*) FROM orders GROUP BY a, b;
