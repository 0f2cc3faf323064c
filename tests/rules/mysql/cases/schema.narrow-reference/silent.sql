-- Narrower, and far from its end; as wide; joined with what does not count.
CREATE TABLE orders (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, v int) AUTO_INCREMENT = 900000000;
CREATE TABLE notes (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id int NOT NULL, far int NOT NULL);

-- workload
SELECT n.id FROM orders o JOIN notes n ON n.order_id = o.id WHERE o.v > 7;
SELECT n.id FROM orders o JOIN notes n ON n.far = o.v WHERE o.v > 7;
