-- A table of 500 rows is left alone, and so is a condition that an index serves already.
CREATE TABLE countries (code text PRIMARY KEY, name text);
INSERT INTO countries SELECT i::text, md5(i::text) FROM generate_series(1, 500) i;
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age int);
INSERT INTO users SELECT i, 'user' || i || '@example.org', i % 90 FROM generate_series(1, 30000) i;
CREATE UNIQUE INDEX users_email ON users (email);
VACUUM ANALYZE;

-- workload
-- calls: 1000
SELECT * FROM countries WHERE name = 'abc';
-- calls: 1000
SELECT * FROM users WHERE email = 'user7@example.org' AND age > 18;
