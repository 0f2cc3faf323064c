-- An index made by hand is missing on one partition; another one waits for two partitions to become valid.
-- options: {"only": ["partition.index"]}
CREATE TABLE events (id bigint, user_id int NOT NULL, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-04-01') TO ('2025-07-01');
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2025-07-01') TO ('2025-10-01');
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM ('2025-10-01') TO ('2026-01-01');
INSERT INTO events SELECT i, i % 500, i % 7, date '2025-01-01' + i % 365 FROM generate_series(1, 20000) i;
CREATE INDEX events_1_user ON events_1 (user_id);
CREATE INDEX events_2_user ON events_2 (user_id);
CREATE INDEX events_3_user ON events_3 (user_id);
CREATE INDEX events_kind ON ONLY events (kind, at);
CREATE INDEX events_1_kind ON events_1 (kind, at);
CREATE INDEX events_2_kind ON events_2 (kind, at);
ALTER INDEX events_kind ATTACH PARTITION events_1_kind;
ALTER INDEX events_kind ATTACH PARTITION events_2_kind;
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM events WHERE at = '2025-02-02';
