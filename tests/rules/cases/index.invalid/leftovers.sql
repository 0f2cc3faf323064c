-- What a failed REINDEX CONCURRENTLY leaves, a build nobody needs, one that the workload wants, and a unique one.
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id int NOT NULL, note text NOT NULL, code int);
INSERT INTO orders SELECT i, i % 5000, md5(i::text), i FROM generate_series(1, 40000) i;
CREATE INDEX orders_note ON orders (note);
CREATE INDEX orders_note_ccnew ON orders (note);
CREATE INDEX orders_id_code ON orders (id, code);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE UNIQUE INDEX orders_code ON orders (code);
VACUUM ANALYZE orders;
SET allow_system_table_mods = on;
UPDATE pg_index SET indisvalid = false
WHERE indexrelid IN ('orders_note_ccnew'::regclass, 'orders_id_code'::regclass, 'orders_customer'::regclass, 'orders_code'::regclass);

-- workload
-- calls: 100
SELECT * FROM orders WHERE customer_id = 42;
-- calls: 100
SELECT * FROM orders WHERE note = 'abc';
