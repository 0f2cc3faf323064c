-- The last month has begun, the last ids are in use, and a third table has already run out: the next ones, named alike.
-- options: {"only": ["partition.ahead"]}
-- as of 2026-03-15T12:00:00+00:00
CREATE TABLE events (id bigint, at timestamptz NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026_01 PARTITION OF events FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
CREATE TABLE events_2026_03 PARTITION OF events FOR VALUES FROM ('2026-03-01 00:00+00') TO ('2026-04-01 00:00+00');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT i, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(0, 1700) i;
CREATE TABLE items (id bigint NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE items_p0 PARTITION OF items FOR VALUES FROM (0) TO (1000);
CREATE TABLE items_p1000 PARTITION OF items FOR VALUES FROM (1000) TO (2000);
INSERT INTO items SELECT generate_series(1, 1500);
CREATE TABLE "Log" ("When" date NOT NULL) PARTITION BY RANGE ("When");
CREATE TABLE "Log a" PARTITION OF "Log" FOR VALUES FROM ('2026-02-23') TO ('2026-03-02');
CREATE TABLE "Log b" PARTITION OF "Log" FOR VALUES FROM ('2026-03-02') TO ('2026-03-09');
INSERT INTO "Log" SELECT date '2026-02-23' + i % 14 FROM generate_series(1, 100) i;
VACUUM ANALYZE;

-- workload
SELECT 1;
