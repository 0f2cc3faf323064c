-- Silent: the old name goes on as a view.
SET lock_timeout = '2s';
BEGIN;
ALTER TABLE customers RENAME TO clients;
CREATE VIEW customers AS SELECT * FROM clients;
COMMIT;
