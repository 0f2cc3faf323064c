-- Said once.
ALTER TABLE orders ADD COLUMN a int;
ALTER TABLE orders ADD COLUMN b int;
ALTER TABLE countries ADD COLUMN c int;
