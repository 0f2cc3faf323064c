-- Nobody asks by time, and the table that is asked by time is small.
-- options: {"only": ["partition"], "partition_bytes": 4000000}
CREATE TABLE payments (id bigint PRIMARY KEY, paid_at timestamptz NOT NULL, note text);
INSERT INTO payments
SELECT i, timestamptz '2021-01-01 00:00+00' + i * interval '30 minutes', repeat('x', 200) FROM generate_series(0, 52000) i;
CREATE TABLE visits (id bigint PRIMARY KEY, at timestamptz NOT NULL);
INSERT INTO visits SELECT i, timestamptz '2021-01-01 00:00+00' + i * interval '1 hour' FROM generate_series(0, 9000) i;
VACUUM ANALYZE;

-- workload
-- calls: 1000
SELECT * FROM payments WHERE id = 77;
-- calls: 100
SELECT count(*) FROM visits WHERE at >= '2021-05-01' AND at < '2021-06-01';
