-- Freshly built: as large as its rows need, with a fill factor of its own and with keys that repeat.
-- options: {"bloat_bytes": 500000}
CREATE TABLE orders (id bigint PRIMARY KEY, note text NOT NULL, kind int NOT NULL);
INSERT INTO orders SELECT i, md5(i::text), i % 7 FROM generate_series(1, 60000) i;
CREATE INDEX orders_note ON orders (note) WITH (fillfactor = 60);
CREATE INDEX orders_kind ON orders (kind);
VACUUM ANALYZE orders;

-- workload
-- calls: 100
SELECT * FROM orders WHERE note = 'abc';
