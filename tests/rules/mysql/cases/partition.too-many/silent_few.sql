-- A handful.
-- options: {"only": ["partition.too-many"]}
CREATE TABLE visits (id int NOT NULL PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 8;
INSERT INTO visits VALUES (1), (2), (3), (4), (5), (6), (7), (8);
ANALYZE TABLE visits;

-- workload
SELECT id FROM visits WHERE id = 7;
