-- All have one index, one alone has another, and an empty partition and a small one need none.
-- options: {"only": ["partition.index"]}
CREATE TABLE events (id bigint, user_id int NOT NULL, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-04-01') TO ('2025-07-01');
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2025-07-01') TO ('2025-10-01');
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM ('2025-10-01') TO ('2026-01-01');
CREATE TABLE events_5 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO events SELECT i, i % 500, i % 7, date '2025-01-01' + i % 270 FROM generate_series(1, 20000) i;
INSERT INTO events VALUES (1, 1, 1, '2025-10-10');
CREATE INDEX events_1_user ON events_1 (user_id);
CREATE INDEX events_2_user ON events_2 (user_id);
CREATE INDEX events_3_user ON events_3 (user_id);
CREATE INDEX events_1_kind ON events_1 (kind);
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM events WHERE at = '2025-02-02';
