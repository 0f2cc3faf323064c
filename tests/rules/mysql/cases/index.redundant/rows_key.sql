-- Beside a unique index on (email), one on (email, id) holds the same: InnoDB ends each index with the primary key.
CREATE TABLE users (
  id int PRIMARY KEY AUTO_INCREMENT,
  email varchar(60) NOT NULL,
  city varchar(20) NOT NULL,
  UNIQUE KEY email (email),
  KEY email_id (email, id),
  KEY city_id (city, id)
);
INSERT INTO users (email, city) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('user', n, '@example.org'), concat('city ', n % 7) FROM s;
INSERT INTO users (email, city) SELECT concat('x', email), city FROM users;
ANALYZE TABLE users;

-- workload
SELECT id FROM users WHERE email LIKE 'user7%';
SELECT id, city FROM users WHERE city = 'city 3' ORDER BY id LIMIT 5;
