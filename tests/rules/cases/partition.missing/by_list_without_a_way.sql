-- Regions are read as a whole, but nothing tells the rows apart while they are copied: it is said that no way is known.
-- options: {"only": ["partition"], "partition_bytes": 4000000}
CREATE TABLE readings (region text NOT NULL, value int NOT NULL, note text);
INSERT INTO readings (region, value, note)
SELECT (ARRAY['africa', 'america', 'asia', 'australia', 'europe', 'oceania'])[1 + i % 6], i % 1000, repeat('x', 150)
FROM generate_series(1, 60000) i;
CREATE INDEX readings_region ON readings (region);
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM readings WHERE region = 'asia';
-- calls: 10
SELECT * FROM readings WHERE region IN ('africa', 'america') ORDER BY note;
