-- Some tenants are a fiftieth of the table each, all over it. A sixteenth of it would be less than now, an index is least.
-- options: {"only": ["partition", "index"], "partition_bytes": 4000000}
CREATE TABLE events (tenant int NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, kind int NOT NULL, note text,
                     PRIMARY KEY (tenant, id));
INSERT INTO events (tenant, kind, note)
SELECT CASE WHEN i % 5 < 3 THEN i % 30 ELSE 1000 + i % 4001 END, i % 90, repeat('x', 180)
FROM generate_series(1, 90000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT kind, count(*), max(note) FROM events WHERE tenant = 12 GROUP BY kind;
-- calls: 100
SELECT count(*), max(note) FROM events WHERE tenant IN (7, 16) AND kind <> 5;
-- calls: 500
SELECT * FROM events WHERE tenant = 12 AND id = 17;
-- calls: 200
INSERT INTO events (tenant, kind) VALUES (12, 7);
