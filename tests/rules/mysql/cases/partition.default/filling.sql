-- Nobody made partitions since February: two months, and four ahead, are cut out of MAXVALUE, which keeps its name.
-- options: {"only": ["partition"]}
-- as of 2026-04-15T12:00:00+00:00
CREATE TABLE events (id int NOT NULL PRIMARY KEY, note varchar(20)) ;
CREATE TABLE log (at datetime NOT NULL, id int NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (TO_DAYS(at)) (
  PARTITION p0 VALUES LESS THAN (0), PARTITION p202601 VALUES LESS THAN (TO_DAYS('2026-02-01')),
  PARTITION p202602 VALUES LESS THAN (TO_DAYS('2026-03-01')), PARTITION pmax VALUES LESS THAN MAXVALUE);
INSERT INTO log VALUES ('2026-01-05', 1), ('2026-02-05', 2), ('2026-03-05', 3), ('2026-04-01', 4);
CREATE TABLE items (id int NOT NULL PRIMARY KEY) PARTITION BY RANGE (id) (
  PARTITION p1 VALUES LESS THAN (1000), PARTITION rest VALUES LESS THAN MAXVALUE);
INSERT INTO items VALUES (1), (1500);
ANALYZE TABLE log, items;

-- workload
SELECT note FROM events WHERE id = 3;
