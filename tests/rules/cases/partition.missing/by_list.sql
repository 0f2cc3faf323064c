-- Each region is read as a whole, and is too much for an index: a sixth of the table. The key of the rows holds it.
-- options: {"only": ["partition"], "partition_bytes": 4000000}
CREATE TABLE readings (region text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, value int NOT NULL, note text,
                       PRIMARY KEY (region, id));
INSERT INTO readings (region, value, note)
SELECT (ARRAY['africa', 'america', 'asia', 'australia', 'europe', 'o''seas'])[1 + i % 6], i % 1000, md5(i::text) || repeat('x', 120)
FROM generate_series(1, 60000) i;
VACUUM ANALYZE;

-- workload
-- calls: 100
SELECT * FROM readings WHERE region = 'asia';
-- calls: 50
SELECT * FROM readings WHERE region = 'o''seas' ORDER BY note;
-- calls: 500
SELECT * FROM readings WHERE region = 'europe' AND id = 17;
-- calls: 200
INSERT INTO readings (region, value) VALUES ('asia', 7);
