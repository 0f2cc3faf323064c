-- The city gives the country, so conditions on both find as many rows as that on the city alone; and there are as many
-- groups of both as cities, not the product. Ranges that go together need most common values.
-- executed
-- options: {"only": ["statistics"]}
CREATE TABLE orders (id int PRIMARY KEY, country text NOT NULL, city text NOT NULL, placed int NOT NULL, sent int NOT NULL);
INSERT INTO orders SELECT i, 'country' || (i % 200) / 10, 'city' || i % 200, i % 40, i % 40 + 1
  FROM generate_series(1, 30000) i;
VACUUM ANALYZE;
-- workload
SELECT * FROM orders WHERE country = 'country4' AND city = 'city42';
SELECT country, city, count(*) FROM orders GROUP BY country, city;
SELECT count(*) FROM orders WHERE placed < 4 AND sent > 36;
