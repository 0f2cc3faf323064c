-- A partitioned index is invalid until every partition has its own: that is how it is built, and no failure.
CREATE TABLE event (id bigint, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO event SELECT i, i % 1000, '2023-01-01'::date + i % 700 FROM generate_series(1, 20000) i;
CREATE INDEX event_kind ON ONLY event (kind);
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM event;
