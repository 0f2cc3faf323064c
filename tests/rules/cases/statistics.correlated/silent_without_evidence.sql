-- The columns go together, but nobody counted rows: nothing is guessed.
-- options: {"only": ["statistics"]}
CREATE TABLE orders (id int PRIMARY KEY, country text NOT NULL, city text NOT NULL);
INSERT INTO orders SELECT i, 'country' || (i % 200) / 10, 'city' || i % 200 FROM generate_series(1, 60000) i;
VACUUM ANALYZE;
-- workload
SELECT * FROM orders WHERE country = 'country4' AND city = 'city42';
