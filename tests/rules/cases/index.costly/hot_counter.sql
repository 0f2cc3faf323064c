-- Each update of the score moves its index entry; the few counts that read the index are cheap without it.
CREATE TABLE players (id bigint PRIMARY KEY, score int NOT NULL, team int NOT NULL, name text NOT NULL);
INSERT INTO players SELECT i, (i * 7919) % 10000, i % 50, md5(i::text) FROM generate_series(1, 20000) i;
CREATE INDEX players_score ON players (score);
CREATE INDEX players_team ON players (team);
VACUUM ANALYZE players;

-- workload
-- calls: 200000
UPDATE players SET score = score + 1 WHERE id = 7;
-- calls: 20
SELECT count(*) FROM players WHERE score > 9900;
-- calls: 5000
SELECT name FROM players WHERE team = 7;
