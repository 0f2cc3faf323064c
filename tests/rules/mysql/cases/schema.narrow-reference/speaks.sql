-- orders.id was made wide, notes.order_id was not.
CREATE TABLE orders (id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, v int) AUTO_INCREMENT = 2000000000;
CREATE TABLE notes (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, order_id int NOT NULL DEFAULT '0', KEY order_id (order_id));

-- workload
-- calls: 3
SELECT n.id FROM orders o JOIN notes n ON n.order_id = o.id WHERE o.v > 7;
