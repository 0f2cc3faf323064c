CREATE TABLE numbers (n int PRIMARY KEY);
INSERT INTO numbers VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE TABLE thousands (n int PRIMARY KEY);
INSERT INTO thousands SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n FROM numbers a, numbers b, numbers c, numbers d;
CREATE TABLE customers (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    mail varchar(120) NOT NULL,
    name varchar(50),
    city varchar(30),
    note text,
    UNIQUE KEY mail (mail)
) STATS_SAMPLE_PAGES = 10000;
CREATE TABLE orders (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    customer_id int NOT NULL,
    state varchar(10) NOT NULL,
    total decimal(10, 2),
    code varchar(20),
    placed datetime NOT NULL,
    filler varchar(100),
    KEY customer (customer_id),
    KEY placed (placed),
    KEY code (code),
    CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
) STATS_SAMPLE_PAGES = 10000;
CREATE TABLE items (
    order_id int NOT NULL,
    n int NOT NULL,
    product int NOT NULL,
    amount int,
    PRIMARY KEY (order_id, n),
    KEY product (product, amount)
) STATS_SAMPLE_PAGES = 10000;
CREATE TABLE countries (code char(2) NOT NULL PRIMARY KEY, name varchar(50));
CREATE VIEW paid AS SELECT id, customer_id, total FROM orders WHERE state = 'paid';
INSERT INTO customers (mail, name, city, note)
SELECT CONCAT('m', n, '@x'), CONCAT('n', n), CONCAT('c', n % 100), 'hello' FROM thousands WHERE n < 2000;
INSERT INTO orders (customer_id, state, total, code, placed, filler)
SELECT 1 + n % 2000, ELT(1 + n % 3, 'new', 'paid', 'shipped'), n % 1000, CONCAT('c', n),
       '2025-01-01' + INTERVAL n * 10 MINUTE, REPEAT('x', 90)
FROM thousands;
INSERT INTO items SELECT 1 + t.n, d.n, (t.n * 3 + d.n) % 1000, 5 FROM thousands t, numbers d WHERE d.n < 3;
INSERT INTO countries VALUES ('de', 'Germany'), ('fr', 'France'), ('it', 'Italy');
DROP TABLE numbers, thousands;
ANALYZE TABLE customers, orders, items, countries;
