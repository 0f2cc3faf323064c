-- What MariaDB has and MySQL has not, or has in another way.
CREATE TABLE extras (
    id uuid NOT NULL DEFAULT uuid(),
    n int,
    hidden int INVISIBLE,
    address inet6,
    long_text text,
    PRIMARY KEY (id),
    KEY n (n) IGNORED,
    UNIQUE KEY long_text (long_text)
) DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin;

CREATE TABLE versioned (id int PRIMARY KEY, n int) WITH SYSTEM VERSIONING;

CREATE SEQUENCE counter;

SET histogram_type = 'JSON_HB';

ANALYZE TABLE customers PERSISTENT FOR ALL;

SET histogram_type = 'DOUBLE_PREC_HB';

ANALYZE TABLE orders PERSISTENT FOR ALL;

SET histogram_type = 'SINGLE_PREC_HB';

ANALYZE TABLE items PERSISTENT FOR ALL;
