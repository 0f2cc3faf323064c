-- A partition for each of 120 days, of a page each.
-- options: {"only": ["partition.too-many"]}
CREATE TABLE events (id bigint, user_id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
DO $$
BEGIN
  FOR day IN 0..119 LOOP
    EXECUTE format('CREATE TABLE events_%s PARTITION OF events FOR VALUES FROM (%L) TO (%L)',
                   day, date '2025-01-01' + day, date '2025-01-02' + day);
  END LOOP;
END $$;
INSERT INTO events SELECT i, i % 500, date '2025-01-01' + i % 120 FROM generate_series(1, 12000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM events WHERE user_id = 42;
-- calls: 300
SELECT count(*) FROM events WHERE at = '2025-02-02';
