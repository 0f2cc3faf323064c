-- Never analysed, changed by half since, and a partitioned table of which only the partitions were analysed.
CREATE TABLE fresh (id bigint PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
INSERT INTO fresh SELECT i, 'note' FROM generate_series(1, 20000) i;
CREATE TABLE changed (id bigint PRIMARY KEY, note text) WITH (autovacuum_enabled = off);
INSERT INTO changed SELECT i, 'note' FROM generate_series(1, 20000) i;
SELECT pg_stat_force_next_flush();
VACUUM ANALYZE changed;
UPDATE changed SET note = 'other' WHERE id <= 10000;
CREATE TABLE event (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
INSERT INTO event SELECT i, '2023-01-01'::date + i % 300 FROM generate_series(1, 20000) i;
ANALYZE event_2023;

-- workload
SELECT count(*) FROM changed;
