-- What a conversion left behind that was never split.
-- options: {"only": ["partition.too-few"], "partition_bytes": 500000}
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_history PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2025-01-01');
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO events SELECT i, date '2022-01-01' + i % 1100 FROM generate_series(1, 40000) i;
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM events WHERE at = '2025-02-02';
