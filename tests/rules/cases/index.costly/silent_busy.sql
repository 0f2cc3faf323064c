-- The same with as many readers as writers: the index is worth what it costs.
CREATE TABLE players (id bigint PRIMARY KEY, score int NOT NULL, team int NOT NULL, name text NOT NULL);
INSERT INTO players SELECT i, (i * 7919) % 10000, i % 50, md5(i::text) FROM generate_series(1, 20000) i;
CREATE INDEX players_score ON players (score);
VACUUM ANALYZE players;

-- workload
-- calls: 20000
UPDATE players SET score = score + 1 WHERE id = 7;
-- calls: 20000
SELECT count(*) FROM players WHERE score > 9900;
