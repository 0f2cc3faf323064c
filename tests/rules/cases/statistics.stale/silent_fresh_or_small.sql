-- Analysed, changed a little since; never analysed but with a handful of rows; empty.
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
INSERT INTO orders SELECT i, 'note' FROM generate_series(1, 20000) i;
VACUUM ANALYZE orders;
UPDATE orders SET note = 'other' WHERE id <= 100;
CREATE TABLE few (id bigint PRIMARY KEY) WITH (autovacuum_enabled = off);
INSERT INTO few VALUES (1), (2);
CREATE TABLE nothing (id bigint PRIMARY KEY);
CREATE TABLE event (id bigint, at date NOT NULL) PARTITION BY RANGE (at);

-- workload
SELECT count(*) FROM orders;
