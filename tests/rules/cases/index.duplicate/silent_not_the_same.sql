-- Other operator class, other direction of NULLs, other condition, other method, and unique beside partial.
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age int);
INSERT INTO users SELECT i, 'user' || i, i % 90 FROM generate_series(1, 20000) i;
CREATE INDEX users_email ON users (email);
CREATE INDEX users_email_pattern ON users (email text_pattern_ops);
CREATE INDEX users_age ON users (age);
CREATE INDEX users_age_old ON users (age) WHERE age > 60;
CREATE INDEX users_age_hash ON users USING hash (age);
CREATE INDEX users_age_nulls_first ON users (age NULLS FIRST);
VACUUM ANALYZE;

-- workload
SELECT * FROM users WHERE id = 5;
