-- Thirty tenants are a fiftieth of the table each, all over it, and are read as a whole: an index reads every page.
-- options: {"only": ["partition", "index"], "partition_bytes": 4000000}
CREATE TABLE events (tenant int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, kind int NOT NULL, note text,
                     PRIMARY KEY (tenant, id));
INSERT INTO events (tenant, kind, note)
SELECT CASE WHEN i % 5 < 3 THEN i % 30 ELSE 1000 + i % 4001 END, i % 90, md5(i::text) || repeat('x', 60)
FROM generate_series(1, 90000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM events WHERE tenant = 12;
-- calls: 100
SELECT * FROM events WHERE tenant IN (7, 16) ORDER BY note;
-- calls: 500
SELECT * FROM events WHERE tenant = 12 AND id = 17;
-- calls: 200
INSERT INTO events (tenant, kind) VALUES (12, 7);
