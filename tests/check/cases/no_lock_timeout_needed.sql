-- Silent: a small table that nobody uses.
ALTER TABLE countries ADD COLUMN c int;
GRANT SELECT ON orders TO someone;
