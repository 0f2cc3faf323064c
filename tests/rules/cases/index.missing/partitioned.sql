-- A partitioned table: its index is built on each partition concurrently, then attached.
CREATE SCHEMA "Sales";
CREATE TABLE "Sales"."Event" (id bigint, kind int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE "Sales"."Event 2023" PARTITION OF "Sales"."Event" FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE "Sales"."Event 2024" PARTITION OF "Sales"."Event" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
PARTITION BY RANGE (at);
CREATE TABLE "Sales"."Event 2024 a" PARTITION OF "Sales"."Event 2024" FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO "Sales"."Event" SELECT i, i % 1000, '2023-01-01'::date + i % 700 FROM generate_series(1, 60000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT count(*) FROM "Sales"."Event" WHERE kind = 42;
