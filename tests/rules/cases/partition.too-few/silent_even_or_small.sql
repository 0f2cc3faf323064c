-- Two halves, and a small table all of whose rows are in one partition.
-- options: {"only": ["partition.too-few"], "partition_bytes": 500000}
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT i, date '2024-01-01' + i % 730 FROM generate_series(1, 40000) i;
CREATE TABLE small (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE small_2024 PARTITION OF small FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE small_2025 PARTITION OF small FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO small SELECT i, '2024-05-05' FROM generate_series(1, 400) i;
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM events WHERE at = '2025-02-02';
