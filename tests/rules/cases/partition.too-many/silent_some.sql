-- Twelve partitions, and a hundred more that are empty.
-- options: {"only": ["partition.too-many"]}
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
DO $$
BEGIN
  FOR day IN 0..111 LOOP
    EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                   day, date '2025-01-01' + day, date '2025-01-02' + day);
  END LOOP;
END $$;
INSERT INTO events SELECT i, date '2025-01-01' + i % 12 FROM generate_series(1, 12000) i;
VACUUM ANALYZE;

-- workload
SELECT count(*) FROM events WHERE at = '2025-02-02';
