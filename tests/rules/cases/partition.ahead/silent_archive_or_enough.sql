-- One table has partitions enough, one is an archive, one has a last partition without an end, one is by a list.
-- options: {"only": ["partition.ahead"]}
-- as of 2026-03-15T12:00:00+00:00
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE events_2026_03 PARTITION OF events FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
CREATE TABLE events_2026_04 PARTITION OF events FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
INSERT INTO events SELECT date '2026-02-01' + i % 40 FROM generate_series(1, 100) i;
CREATE TABLE archive (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE archive_2019 PARTITION OF archive FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
CREATE TABLE archive_2020 PARTITION OF archive FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO archive SELECT date '2019-01-01' + i % 700 FROM generate_series(1, 1000) i;
CREATE TABLE open (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE open_1 PARTITION OF open FOR VALUES FROM (0) TO (1000);
CREATE TABLE open_2 PARTITION OF open FOR VALUES FROM (1000) TO (MAXVALUE);
INSERT INTO open SELECT generate_series(1, 5000);
CREATE TABLE by_state (state text NOT NULL) PARTITION BY LIST (state);
CREATE TABLE by_state_new PARTITION OF by_state FOR VALUES IN ('new');
CREATE TABLE by_state_old PARTITION OF by_state FOR VALUES IN ('old');
VACUUM ANALYZE;

-- workload
SELECT 1;
