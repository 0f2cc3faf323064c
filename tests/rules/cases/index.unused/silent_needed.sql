-- Scanned, unique, small, for a foreign key, wanted by a plan though not scanned yet, scanned in one partition only.
-- options: {"unused_days": 0, "small_index_bytes": 100000}
CREATE TABLE people (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY, code int, person bigint REFERENCES people, note text NOT NULL, kind text NOT NULL, flag int
);
INSERT INTO people SELECT i FROM generate_series(1, 1000) i;
INSERT INTO orders SELECT i, i, i % 1000 + 1, md5(i::text), md5((i / 2)::text), i % 10 FROM generate_series(1, 20000) i;
CREATE UNIQUE INDEX orders_code ON orders (code);
CREATE INDEX orders_person ON orders (person);
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_kind ON orders (kind);
CREATE INDEX orders_few ON orders (flag) WHERE id < 10;
CREATE TABLE event (id bigint, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO event SELECT i, i % 1000, '2023-01-01'::date + i % 700 FROM generate_series(1, 40000) i;
CREATE INDEX event_kind ON event (kind);
VACUUM ANALYZE;
SELECT pg_stat_reset();
SELECT * FROM orders WHERE note = 'abc';
SELECT * FROM event WHERE kind = 3 AND at = '2023-02-01';

-- workload
-- calls: 100
SELECT * FROM orders WHERE kind = 'abc';
