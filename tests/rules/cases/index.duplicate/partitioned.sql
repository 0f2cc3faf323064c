-- Two equal indexes of a partitioned table: the whole goes, and comes back with its partitions'.
CREATE TABLE event (id bigint, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO event SELECT i, i % 1000, '2023-01-01'::date + i % 700 FROM generate_series(1, 40000) i;
CREATE INDEX event_kind_1 ON event (kind);
CREATE INDEX event_kind_2 ON event (kind);
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT count(*) FROM event WHERE kind = 42;
