-- The planner guesses how many rows a value has: what it says of an index on the column is an estimate.
CREATE TABLE job (id int PRIMARY KEY, worker int NOT NULL, body text NOT NULL);
INSERT INTO job SELECT i, i % 4000, repeat('x', 40) FROM generate_series(1, 40000) i;
ANALYZE job (id, body);

-- workload
-- calls: 100
SELECT * FROM job WHERE worker = 7;
