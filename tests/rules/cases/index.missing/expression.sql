-- A search on lower(email): an index on the expression, and ANALYZE for its statistics.
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
INSERT INTO users SELECT i, 'User' || i || '@example.org' FROM generate_series(1, 50000) i;
VACUUM ANALYZE;

-- workload
-- calls: 1000
SELECT * FROM users WHERE lower(email) = 'user7@example.org';
