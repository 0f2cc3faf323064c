-- Half of the calls name the key, and another table is not asked at all.
-- options: {"only": ["partition.unpruned"]}
CREATE TABLE events (id bigint, user_id int NOT NULL, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-04-01') TO ('2025-07-01');
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2025-07-01') TO ('2025-10-01');
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM ('2025-10-01') TO ('2026-01-01');
CREATE TABLE events_now PARTITION OF events FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
INSERT INTO events SELECT i, i % 500, timestamptz '2025-01-01' + i % 365 * interval '1 day' FROM generate_series(1, 20000) i;
INSERT INTO events SELECT i, i % 500, '2026-01-02' FROM generate_series(1, 5000) i;
CREATE TABLE quiet (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE quiet_1 PARTITION OF quiet FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
INSERT INTO quiet SELECT date '2025-01-01' + i % 50 FROM generate_series(1, 2000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM events WHERE user_id = 42;
-- calls: 100
SELECT count(*) FROM events WHERE user_id = 42 AND at > now() - interval '7 days';
