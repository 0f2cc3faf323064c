-- An empty default, and one that a list leaves its rare values to.
-- options: {"only": ["partition.default"]}
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events SELECT date '2025-01-01' + i % 300 FROM generate_series(1, 5000) i;
CREATE TABLE states (state text NOT NULL) PARTITION BY LIST (state);
CREATE TABLE states_new PARTITION OF states FOR VALUES IN ('new');
CREATE TABLE states_rest PARTITION OF states DEFAULT;
INSERT INTO states SELECT CASE i % 30 WHEN 0 THEN 'other' ELSE 'new' END FROM generate_series(1, 5000) i;
VACUUM ANALYZE;

-- workload
SELECT 1;
