-- What MySQL has and MariaDB has not, or has in another way.
CREATE TABLE extras (
    id binary(16) NOT NULL DEFAULT (uuid_to_bin(uuid())),
    first_name varchar(50),
    n int,
    doc json,
    hidden int INVISIBLE,
    spot point NOT NULL SRID 4326,
    PRIMARY KEY (id),
    KEY n (n) INVISIBLE,
    KEY lowered ((lower(first_name)), n DESC),
    KEY quoted ((concat(first_name, 'it''s "x"', '\\', '`'))),
    KEY numbers ((CAST(doc -> '$.numbers' AS unsigned ARRAY))),
    UNIQUE KEY never ((n * 2)),
    SPATIAL KEY spot (spot),
    FULLTEXT KEY grams (first_name) WITH PARSER ngram,
    CONSTRAINT unchecked CHECK (n > 0) NOT ENFORCED
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

ANALYZE TABLE customers UPDATE HISTOGRAM ON country, status, tags, balance, score, born, seen, bio, photo, email_length WITH 16 BUCKETS;

ANALYZE TABLE customers UPDATE HISTOGRAM ON name WITH 100 BUCKETS;

ANALYZE TABLE orders UPDATE HISTOGRAM ON note, placed, total, customer_id WITH 32 BUCKETS;
