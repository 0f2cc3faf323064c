-- One would think of partitioning: half of the cost asks by time. But the other half does not, and keys point here.
-- options: {"only": ["partition"], "partition_bytes": 4000000}
CREATE TABLE payments (id bigint PRIMARY KEY, account int NOT NULL, paid_at timestamptz NOT NULL, reference text UNIQUE);
INSERT INTO payments
SELECT i, i % 700, timestamptz '2021-01-01 00:00+00' + i * interval '30 minutes', repeat('x', 200) || i
FROM generate_series(0, 52000) i;
CREATE TABLE refunds (payment_id bigint NOT NULL REFERENCES payments (id));
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT count(*) FROM payments WHERE paid_at >= '2022-05-01' AND paid_at < '2022-06-01';
-- calls: 100
SELECT count(*) FROM payments WHERE account = 5;
-- calls: 5000
SELECT * FROM payments WHERE id = 77;
