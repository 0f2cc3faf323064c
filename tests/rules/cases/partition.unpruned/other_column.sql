-- Partitioned by time, asked by user.
-- options: {"only": ["partition.unpruned"]}
CREATE TABLE events (id bigint, user_id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-04-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-04-01') TO ('2025-07-01');
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM ('2025-07-01') TO ('2025-10-01');
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM ('2025-10-01') TO ('2026-01-01');
INSERT INTO events SELECT i, i % 500, date '2025-01-01' + i % 365 FROM generate_series(1, 20000) i;
CREATE INDEX ON events (user_id);
VACUUM ANALYZE;

-- workload
-- calls: 500
SELECT * FROM events WHERE user_id = 42;
-- calls: 10
SELECT user_id, count(*) FROM events GROUP BY user_id;
INSERT INTO events VALUES (1, 2, '2025-05-05');
