-- Every kind of table, column, index and constraint that MySQL and MariaDB share; what only one has stands beside it.
CREATE TABLE customers (
    id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email varchar(190) NOT NULL,
    name varchar(100) CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT 'nobody''s',
    country char(2) CHARACTER SET ascii NOT NULL DEFAULT 'DE',
    status enum('new', 'active', 'it''s gone') NOT NULL DEFAULT 'new',
    tags set('a', 'b', 'c'),
    balance decimal(12, 2) NOT NULL DEFAULT 0.00,
    score double,
    flags bit(8) DEFAULT b'101',
    born date,
    seen datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    bio text,
    photo blob,
    doc json,
    domain varchar(190) GENERATED ALWAYS AS (substring_index(email, '@', -1)) STORED,
    email_length int GENERATED ALWAYS AS (char_length(email)) VIRTUAL,
    UNIQUE KEY email (email),
    KEY name_country (name(10), country),
    KEY domain (domain),
    KEY born_score (born, score DESC),
    FULLTEXT KEY bio (bio),
    KEY photo (photo(20)),
    CONSTRAINT positive CHECK (balance >= -1000 AND country <> 'it''s'),
    KEY commented (status) COMMENT 'why, "this", `one`; it''s needed'
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COMMENT = 'who buys';

CREATE TABLE orders (
    id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id int unsigned NOT NULL,
    placed date NOT NULL,
    total decimal(10, 2) NOT NULL,
    note varchar(200),
    KEY placed (placed, total),
    CONSTRAINT of_customer FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE RESTRICT
) ENGINE = InnoDB AUTO_INCREMENT = 5000;

CREATE TABLE items (
    order_id bigint NOT NULL,
    line int NOT NULL,
    sku varchar(20) NOT NULL,
    PRIMARY KEY (order_id, line),
    KEY sku (sku),
    CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE = InnoDB ROW_FORMAT = COMPRESSED KEY_BLOCK_SIZE = 8;

CREATE TABLE events (
    id bigint NOT NULL,
    happened date NOT NULL,
    kind varchar(20) NOT NULL,
    PRIMARY KEY (id, happened),
    KEY kind (kind)
) ENGINE = InnoDB
PARTITION BY RANGE COLUMNS (happened) (
    PARTITION p2023 VALUES LESS THAN ('2024-01-01'),
    PARTITION P2024 VALUES LESS THAN ('2025-01-01'),
    PARTITION rest VALUES LESS THAN (MAXVALUE)
);

CREATE TABLE readings (
    sensor int NOT NULL,
    taken date NOT NULL,
    value double,
    KEY sensor (sensor)
) ENGINE = InnoDB
PARTITION BY RANGE (TO_DAYS(taken)) SUBPARTITION BY HASH (sensor) SUBPARTITIONS 2 (
    PARTITION early VALUES LESS THAN (TO_DAYS('2024-01-01')),
    PARTITION late VALUES LESS THAN MAXVALUE
);

CREATE TABLE hashed (id int NOT NULL PRIMARY KEY, n int) ENGINE = InnoDB PARTITION BY KEY (id) PARTITIONS 3;

CREATE TABLE places (
    id int PRIMARY KEY,
    spot point NOT NULL,
    SPATIAL KEY spot (spot)
) ENGINE = InnoDB;

CREATE TABLE legacy (
    id int NOT NULL AUTO_INCREMENT,
    word varchar(30) NOT NULL,
    PRIMARY KEY (id),
    KEY word (word),
    FULLTEXT KEY words (word)
) ENGINE = MyISAM DEFAULT CHARSET = latin1;

CREATE TABLE cache (id int NOT NULL, n int, KEY id (id), KEY n (n) USING BTREE) ENGINE = MEMORY;

CREATE TABLE no_key (a int, b varchar(10)) ENGINE = InnoDB;

CREATE TABLE `odd ``name`` "here", ünï 表` (
    `id` int NOT NULL,
    `select` int,
    `a ``b`` "c", (d)` varchar(40),
    `列 x` varchar(20),
    PRIMARY KEY (`id`),
    KEY `key``s, "of" (it)` (`a ``b`` "c", (d)`(7), `select`),
    KEY `索引` (`列 x`)
) ENGINE = InnoDB COMMENT = 'a; "b" ''c'' `d`';

CREATE VIEW active AS SELECT id, email FROM customers WHERE status = 'active';

CREATE VIEW `odd view` AS SELECT `select` AS `from` FROM `odd ``name`` "here", ünï 表`;

INSERT INTO customers (email, name, country, status, tags, balance, score, born, bio, photo, doc)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
SELECT concat('c', n, '@example', n MOD 7, '.org'), concat('Jürgen ', n MOD 40),
       elt(1 + n MOD 3, 'DE', 'FR', 'US'), elt(1 + (n MOD 10 > 0), 'new', 'active'), elt(1 + n MOD 2, 'a', 'a,b'), n / 3,
       IF(n MOD 4 = 0, NULL, n * 1.5), DATE '2000-01-01' + INTERVAL n DAY, concat('likes word', n MOD 50),
       unhex(lpad(hex(n * 77), 12, 'F0')), json_object('n', n, 'tags', json_array(n MOD 5, n MOD 3))
FROM n;

INSERT INTO orders (customer_id, placed, total, note)
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 950)
SELECT 1 + n MOD 900, DATE '2024-01-01' + INTERVAL (n MOD 300) DAY, n, IF(n MOD 5 = 0, NULL, concat('note ', n MOD 11)) FROM n;

INSERT INTO items SELECT id, l, concat('sku', (id * 7 + l) MOD 200) FROM orders, (SELECT 1 AS l UNION SELECT 2) AS lines_;

INSERT INTO events
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 900)
SELECT n, DATE '2023-06-01' + INTERVAL n DAY, concat('kind', n MOD 6) FROM n;

INSERT INTO readings
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 500)
SELECT n MOD 20, DATE '2023-06-01' + INTERVAL n DAY, n FROM n;

INSERT INTO hashed SELECT id, id MOD 9 FROM customers;

INSERT INTO places SELECT id, point(id, id) FROM customers WHERE id < 100;

INSERT INTO legacy (word) SELECT concat('word', id MOD 30) FROM customers WHERE id < 300;

INSERT INTO cache SELECT id, id FROM customers WHERE id < 50;

INSERT INTO `odd ``name`` "here", ünï 表` SELECT id, id, concat('value ', id), concat('値😀', id MOD 3) FROM customers WHERE id < 30;

ANALYZE TABLE customers, orders, items, events, readings, hashed, places, legacy, no_key, `odd ``name`` "here", ünï 表`;
