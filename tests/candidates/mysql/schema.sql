CREATE TABLE customers (
    id bigint NOT NULL PRIMARY KEY, email varchar(120) NOT NULL, country char(2) NOT NULL, notes text NOT NULL,
    homepage varchar(900) NOT NULL, profile json, labels json, UNIQUE KEY email (email)
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE orders (
    id bigint NOT NULL PRIMARY KEY, customer_id bigint NOT NULL, status varchar(20) NOT NULL, total int NOT NULL,
    placed_at datetime NOT NULL, comment varchar(1000), KEY total (total)
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE items (
    order_id bigint NOT NULL, line int NOT NULL, product_id bigint NOT NULL, quantity int NOT NULL,
    PRIMARY KEY (order_id, line)
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE digits (d int NOT NULL PRIMARY KEY);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
INSERT INTO customers
SELECT n, CONCAT('c', n, '@example.org'), ELT(1 + n % 3, 'DE', 'FR', 'US'), REPEAT('note ', 40), REPEAT('x', 60),
    JSON_OBJECT('plan', n % 30), JSON_ARRAY(n % 7)
FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d AS n FROM digits a, digits b, digits c, digits d) AS numbers;
INSERT INTO orders
SELECT n, n % 900, ELT(1 + n % 4, 'open', 'done', 'done', 'done'), n % 5000, TIMESTAMP('2024-01-01') + INTERVAL n MINUTE,
    REPEAT('c', 30)
FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d AS n FROM digits a, digits b, digits c, digits d) AS numbers;
INSERT INTO items SELECT id, 1, id % 700, 1 FROM orders;
INSERT INTO items SELECT id, 2, id % 300, 2 FROM orders;
ANALYZE TABLE customers, orders, items;
