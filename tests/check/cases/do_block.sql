SET lock_timeout = '2s';
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE relname = 'nothing') THEN
        ALTER TABLE orders ALTER COLUMN quantity SET NOT NULL;
    END IF;
END $$;
