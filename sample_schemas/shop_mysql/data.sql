-- Rows, skewed as real ones are: few customers and products make most of the business, most orders are long delivered.
-- @scale is the share of the full size (1 makes about 3.3 million rows): SET @scale = 1 first. RAND with a constant seed
-- gives the same row of numbers in every run; the LIMIT keeps each of them from being drawn twice.

CREATE TABLE shop_digits (d int NOT NULL PRIMARY KEY) ENGINE = InnoDB;
INSERT INTO shop_digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE shop_numbers (i int NOT NULL PRIMARY KEY) ENGINE = InnoDB;
INSERT INTO shop_numbers
SELECT 1 + a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d + 1000000 * g.d AS i
FROM shop_digits a, shop_digits b, shop_digits c, shop_digits d, shop_digits e, shop_digits f,
    (SELECT d FROM shop_digits WHERE d < GREATEST(1, CEIL(1.2 * @scale))) g
WHERE a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d + 1000000 * g.d < 1200000 * @scale;

INSERT INTO categories SELECT i, CONCAT('Category ', i) FROM shop_numbers WHERE i <= 60;

INSERT INTO customers
SELECT
    i,
    CONCAT(ELT(1 + FLOOR(8 * r1), 'Anna', 'ben', 'Carla', 'david', 'Eva', 'frank', 'Greta', 'henry'), '.',
        SUBSTR(SHA2(i, 256), 1, 14), '@example.', ELT(1 + i % 3, 'com', 'org', 'net')),
    CONCAT(UPPER(SUBSTR(SHA2(i, 256), 1, 1)), SUBSTR(SHA2(i, 256), 2, 5), ' ', UPPER(SUBSTR(SHA2(i * 7, 256), 1, 1)), SUBSTR(SHA2(i * 7, 256), 2, 8)),
    ELT(1 + FLOOR(14 * r2), 'DE', 'DE', 'DE', 'FR', 'FR', 'US', 'US', 'US', 'US', 'GB', 'NL', 'PL', 'SE', 'JP'),
    CONCAT('City ', FLOOR(POW(r3, 2) * 800)),
    CASE WHEN r4 < 0.95 THEN 'active' WHEN r4 < 0.99 THEN 'closed' ELSE 'blocked' END,
    r5 < 0.3,
    CASE WHEN r6 < 0.1 THEN 1 + FLOOR(r7 * i) END,
    CASE WHEN r8 < 0.7 THEN TIMESTAMP('2026-06-30') - INTERVAL FLOOR(r9 * 700 * 86400) SECOND END,
    TIMESTAMP('2022-01-01') + INTERVAL FLOOR(i / (200000 * @scale) * 1600 * 86400) SECOND
FROM (
    SELECT i, RAND(1) AS r1, RAND(2) AS r2, RAND(3) AS r3, RAND(4) AS r4, RAND(5) AS r5, RAND(6) AS r6, RAND(7) AS r7,
        RAND(8) AS r8, RAND(9) AS r9
    FROM shop_numbers WHERE i <= 200000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO products
SELECT
    i,
    CONCAT('SKU-', LPAD(i, 7, '0')),
    1 + FLOOR(60 * POW(r1, 2)),
    CONCAT(ELT(1 + FLOOR(6 * r2), 'Oak', 'Steel', 'Linen', 'Glass', 'Wool', 'Cork'), ' ',
        ELT(1 + FLOOR(8 * r3), 'table', 'lamp', 'shelf', 'chair', 'kettle', 'blanket', 'frame', 'bottle'), ' ',
        SUBSTR(SHA2(i, 256), 1, 4)),
    CONCAT('A ', ELT(1 + FLOOR(5 * r4), 'sturdy', 'light', 'handmade', 'recycled', 'classic'), ' piece for the ',
        ELT(1 + FLOOR(5 * r5), 'kitchen', 'garden', 'office', 'hall', 'bathroom'), ', article ', LEFT(SHA2(i * 3, 256), 32)),
    500 + FLOOR(POW(r6, 3) * 50000),
    JSON_OBJECT('colour', ELT(1 + FLOOR(6 * POW(r7, 2)), 'black', 'white', 'oak', 'blue', 'red', 'teal'),
        'weight', FLOOR(r8 * 9000), 'supplier', CONCAT('S', FLOOR(r9 * 900))),
    r10 < 0.9
FROM (
    SELECT i, RAND(11) AS r1, RAND(12) AS r2, RAND(13) AS r3, RAND(14) AS r4, RAND(15) AS r5, RAND(16) AS r6, RAND(17) AS r7,
        RAND(18) AS r8, RAND(19) AS r9, RAND(20) AS r10
    FROM shop_numbers WHERE i <= 40000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT IGNORE INTO product_tags
SELECT i, CONCAT('t', FLOOR(POW(r1, 2) * 400))
FROM (SELECT i, RAND(21) AS r1 FROM shop_numbers WHERE i <= 40000 * @scale ORDER BY i LIMIT 100000000) AS chance;
INSERT IGNORE INTO product_tags
SELECT i, CONCAT('t', FLOOR(r1 * 400))
FROM (SELECT i, RAND(22) AS r1 FROM shop_numbers WHERE i <= 40000 * @scale ORDER BY i LIMIT 100000000) AS chance;

INSERT INTO orders
SELECT
    i,
    1 + FLOOR(POW(r1, 2.5) * 200000 * @scale),
    CASE
        WHEN i > 500000 * @scale * 0.995 THEN 'pending'
        WHEN i > 500000 * @scale * 0.985 THEN 'processing'
        WHEN i > 500000 * @scale * 0.96 THEN 'shipped'
        WHEN r2 < 0.06 THEN 'cancelled'
        ELSE 'delivered'
    END,
    1000 + FLOOR(POW(r3, 4) * 200000),
    CASE WHEN r4 < 0.04 THEN CONCAT('SAVE', FLOOR(r5 * 50)) END,
    ELT(1 + FLOOR(14 * r6), 'DE', 'DE', 'DE', 'FR', 'FR', 'US', 'US', 'US', 'US', 'GB', 'NL', 'PL', 'SE', 'JP'),
    TIMESTAMP('2023-01-01') + INTERVAL FLOOR(i / (500000 * @scale) * 1275 * 86400 + r7 * 7200) SECOND,
    CASE
        WHEN i <= 500000 * @scale * 0.985
        THEN TIMESTAMP('2023-01-01') + INTERVAL FLOOR(i / (500000 * @scale) * 1275 * 86400 + (0.5 + r8) * 172800) SECOND
    END
FROM (
    SELECT i, RAND(31) AS r1, RAND(32) AS r2, RAND(33) AS r3, RAND(34) AS r4, RAND(35) AS r5, RAND(36) AS r6, RAND(37) AS r7,
        RAND(38) AS r8
    FROM shop_numbers WHERE i <= 500000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO order_items
SELECT
    i,
    1 + FLOOR((i - 1) / 2.4),
    1 + FLOOR(POW(r1, 3) * 40000 * @scale),
    1 + FLOOR(POW(r2, 3) * 5),
    500 + FLOOR(POW(r3, 3) * 50000)
FROM (
    SELECT i, RAND(41) AS r1, RAND(42) AS r2, RAND(43) AS r3
    FROM shop_numbers WHERE i <= 1200000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO payments
SELECT
    i,
    i,
    CASE
        WHEN i > 500000 * @scale * 0.998 THEN 'pending'
        WHEN r1 < 0.02 THEN 'failed'
        WHEN r1 < 0.03 THEN 'refunded'
        ELSE 'captured'
    END,
    CONCAT('pay_', LEFT(SHA2(i, 256), 32)),
    1000 + FLOOR(POW(r2, 4) * 200000),
    TIMESTAMP('2023-01-01 00:05:00') + INTERVAL FLOOR(i / (500000 * @scale) * 1275 * 86400) SECOND
FROM (
    SELECT i, RAND(51) AS r1, RAND(33) AS r2
    FROM shop_numbers WHERE i <= 500000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO reviews
SELECT
    i,
    1 + FLOOR(POW(r1, 3) * 40000 * @scale),
    1 + FLOOR(POW(r2, 2) * 200000 * @scale),
    1 + FLOOR(5 * SQRT(r3)),
    r4 < 0.98,
    CONCAT('It is ', ELT(1 + FLOOR(5 * r5), 'fine', 'good', 'great', 'poor', 'broken'), ', ',
        REPEAT(CONCAT(LEFT(SHA2(i, 256), 32), ' '), 1 + FLOOR(r6 * 5))),
    TIMESTAMP('2023-01-01') + INTERVAL FLOOR(r7 * 1275 * 86400) SECOND
FROM (
    SELECT i, RAND(61) AS r1, RAND(62) AS r2, RAND(63) AS r3, RAND(64) AS r4, RAND(65) AS r5, RAND(66) AS r6, RAND(67) AS r7
    FROM shop_numbers WHERE i <= 120000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO carts
SELECT
    i,
    1 + FLOOR(POW(r1, 2) * 200000 * @scale),
    1 + FLOOR(POW(r2, 2) * 9),
    TIMESTAMP('2026-06-30') - INTERVAL FLOOR(POW(r3, 2) * 500 * 86400) SECOND,
    CASE WHEN r4 < 0.97 THEN TIMESTAMP('2026-06-30') - INTERVAL FLOOR(POW(r3, 2) * 499 * 86400) SECOND END
FROM (
    SELECT i, RAND(71) AS r1, RAND(72) AS r2, RAND(73) AS r3, RAND(74) AS r4
    FROM shop_numbers WHERE i <= 150000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO events
SELECT
    i,
    CASE WHEN r1 < 0.6 THEN 1 + FLOOR(POW(r2, 2) * 200000 * @scale) END,
    INSERT(INSERT(INSERT(INSERT(LEFT(SHA2(FLOOR(i / 8), 256), 32), 9, 0, '-'), 14, 1, '-4'), 19, 1, '-8'), 24, 0, '-'),
    CASE
        WHEN r3 < 0.8 THEN 'page_view'
        WHEN r3 < 0.95 THEN 'search'
        WHEN r3 < 0.998 THEN 'add_to_cart'
        ELSE 'error'
    END,
    JSON_OBJECT('path', CONCAT('/p/', FLOOR(POW(r4, 3) * 40000 * @scale)), 'campaign', CONCAT('c', FLOOR(POW(r5, 2) * 2000))),
    TIMESTAMP('2026-01-01') + INTERVAL FLOOR(i / (700000 * @scale) * 180 * 86400) SECOND
FROM (
    SELECT i, RAND(81) AS r1, RAND(82) AS r2, RAND(83) AS r3, RAND(84) AS r4, RAND(85) AS r5
    FROM shop_numbers WHERE i <= 700000 * @scale ORDER BY i LIMIT 100000000
) AS chance;

INSERT INTO sessions
SELECT
    INSERT(INSERT(INSERT(INSERT(LEFT(SHA2(i, 256), 32), 9, 0, '-'), 14, 1, '-4'), 19, 1, '-8'), 24, 0, '-'),
    1 + FLOOR(POW(r1, 2) * 200000 * @scale),
    TIMESTAMP('2026-01-01') + INTERVAL FLOOR(i / (400000 * @scale) * 180 * 86400) SECOND
FROM (SELECT i, RAND(91) AS r1 FROM shop_numbers WHERE i <= 400000 * @scale ORDER BY i LIMIT 100000000) AS chance;

DROP TABLE shop_numbers;
DROP TABLE shop_digits;
