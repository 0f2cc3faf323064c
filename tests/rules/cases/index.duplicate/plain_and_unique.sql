-- A second index of the same shape, one that repeats the primary key, and one with a comment to be restored.
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age int);
INSERT INTO users SELECT i, 'user' || i, i % 90 FROM generate_series(1, 20000) i;
CREATE INDEX users_id ON users (id);
CREATE INDEX users_email_1 ON users (email text_pattern_ops);
CREATE INDEX users_email_2 ON users (email text_pattern_ops);
COMMENT ON INDEX users_email_2 IS 'it''s for the search';
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM users WHERE email LIKE 'user77%';
-- calls: 100
SELECT * FROM users WHERE id = 5;
