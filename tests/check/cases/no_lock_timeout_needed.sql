-- Silent: a small table that nobody uses.
ALTER TABLE countries ADD COLUMN c int;
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
DROP FUNCTION IF EXISTS not_there();
DROP FUNCTION not_in_the_copy();
ALTER TABLE orders OWNER TO someone;
CREATE ROLE someone;
GRANT SELECT ON orders TO someone;
