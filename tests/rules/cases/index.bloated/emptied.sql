-- Nine rows of ten were deleted, here and there: the index keeps its pages.
-- options: {"bloat_bytes": 500000}
CREATE TABLE orders (id bigint PRIMARY KEY, note text NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 60000) i;
CREATE INDEX orders_note ON orders (note);
DELETE FROM orders WHERE id % 10 <> 0;
VACUUM ANALYZE orders;

-- workload
-- calls: 100
SELECT * FROM orders WHERE note = 'abc';
