-- Aria survives a crash, and knows no transactions.
-- only: mariadb
CREATE TABLE log (id int PRIMARY KEY AUTO_INCREMENT, what varchar(20)) ENGINE = Aria;
CREATE TABLE parted (id int PRIMARY KEY) ENGINE = Aria TRANSACTIONAL = 1 PARTITION BY HASH (id) PARTITIONS 2;

-- workload
SELECT id FROM log WHERE what = 'x';
