-- Two indexes that hold the same, one of them unique; two FULLTEXT ones; and one named in a hint, which stays.
CREATE TABLE users (
  id int PRIMARY KEY AUTO_INCREMENT,
  email varchar(60) NOT NULL,
  city varchar(20) NOT NULL,
  about varchar(60) NOT NULL,
  UNIQUE KEY email (email),
  KEY email_too (email) COMMENT 'of the old "app"',
  KEY city_1 (city),
  KEY city_2 (city),
  FULLTEXT KEY about_1 (about),
  FULLTEXT KEY about_2 (about)
);
INSERT INTO users (email, city, about) WITH RECURSIVE s AS (SELECT 1 n UNION ALL SELECT n + 1 FROM s WHERE n < 990)
  SELECT concat('user', n, '@example.org'), concat('city ', n % 7), concat('person ', n) FROM s;
INSERT INTO users (email, city, about) SELECT concat('x', email), city, about FROM users;
ANALYZE TABLE users;

-- workload
SELECT id FROM users WHERE email LIKE 'user7%';
SELECT id FROM users USE INDEX (city_2) WHERE city = 'city 3';
SELECT /*+ INDEX(users city_1) */ about FROM users WHERE city = 'city 3';
