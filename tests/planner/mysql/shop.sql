CREATE TABLE digits (d INT PRIMARY KEY);
INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
CREATE TABLE numbers (n INT PRIMARY KEY);
INSERT INTO numbers SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d FROM digits a, digits b, digits c, digits e;
CREATE TABLE customers (
  id INT PRIMARY KEY, name VARCHAR(40) NOT NULL, city VARCHAR(20) NOT NULL, country CHAR(2) NOT NULL, notes TEXT,
  KEY by_city (city), KEY by_country_name (country, name), FULLTEXT KEY words (notes)
) CHARSET utf8mb4;
INSERT INTO customers SELECT n, CONCAT('name ', n), CONCAT('city ', n % 97), CHAR(65 + n % 13, 65 + n % 7 USING utf8mb4), CONCAT('note of ', n % 50) FROM numbers WHERE n < 1500;
CREATE TABLE orders (
  id INT PRIMARY KEY, customer INT NOT NULL, status VARCHAR(10) NOT NULL, placed DATE NOT NULL, total DECIMAL(10,2) NOT NULL, agent INT,
  KEY by_customer (customer), KEY by_placed (placed, status), KEY by_agent (agent)
) CHARSET utf8mb4;
INSERT INTO orders SELECT n, n * 7 % 1500, ELT(1 + n % 5, 'new', 'paid', 'sent', 'done', 'lost'), DATE '2024-01-01' + INTERVAL n % 700 DAY, n % 1000, IF(n % 3 = 0, NULL, n % 200) FROM numbers WHERE n < 6000;
CREATE TABLE items (
  order_id INT NOT NULL, line INT NOT NULL, product INT NOT NULL, quantity INT NOT NULL, price DECIMAL(10,2) NOT NULL,
  PRIMARY KEY (order_id, line), KEY by_product (product, quantity)
);
INSERT INTO items SELECT n % 6000, n DIV 6000, n * 13 % 400, n % 9, n % 77 FROM numbers;
CREATE TABLE plain (a INT, b INT, c VARCHAR(20));
INSERT INTO plain SELECT n, n % 10, CONCAT('c', n % 100) FROM numbers WHERE n < 2000;
ANALYZE TABLE digits, numbers, customers, orders, items, plain;
