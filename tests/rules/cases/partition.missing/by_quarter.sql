-- Payments are asked for by month, and old ones deleted: by quarter, for months would be too small, with the way there.
-- options: {"only": ["partition"], "partition_bytes": 4000000}
CREATE TABLE customers (id int PRIMARY KEY);
INSERT INTO customers SELECT generate_series(1, 100);
CREATE TABLE payments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id int NOT NULL REFERENCES customers (id),
    paid_at timestamptz NOT NULL,
    amount int NOT NULL,
    note text
);
INSERT INTO payments (customer_id, paid_at, amount, note)
SELECT 1 + i % 100, timestamptz '2021-01-01 00:00+00' + i * interval '30 minutes', i % 977, repeat('x', 200)
FROM generate_series(0, 52000) i;
CREATE INDEX payments_customer ON payments (customer_id);
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT sum(amount) FROM payments WHERE paid_at >= '2022-05-01' AND paid_at < '2022-06-01';
-- calls: 20
SELECT count(*) FROM payments JOIN customers ON customers.id = customer_id WHERE paid_at BETWEEN '2023-01-10' AND '2023-02-10' AND amount > 900;
-- calls: 2
DELETE FROM payments WHERE paid_at < '2021-02-01';
