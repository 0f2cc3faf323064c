-- A table with every kind of column that makes index sizes hard to predict: skew, NULLs, order, widths, duplicates.
SELECT setseed(0.42);
CREATE TABLE skewed (
    id     bigint PRIMARY KEY,
    shuffled integer NOT NULL,
    zipf   integer NOT NULL,
    flag   boolean,
    status text NOT NULL,
    city   text,
    email  text NOT NULL,
    long   text,
    price  numeric(12, 2),
    ratio  double precision,
    day    date NOT NULL,
    at     timestamptz NOT NULL,
    maybe  integer,
    rare   text,
    key    uuid,
    code   char(8) NOT NULL,
    small  smallint,
    nothing integer
);
INSERT INTO skewed
SELECT i, (i * 7919::bigint % 100003)::int, floor(300 * power(random(), 4))::int, random() < 0.1,
       (ARRAY['new', 'open', 'open', 'done', 'done', 'done', 'done', 'archived'])[1 + floor(random() * 8)::int],
       'city ' || floor(3000 * power(random(), 3))::int,
       'user' || i || '@' || (ARRAY['example.com', 'mail.example.org', 'x.io'])[1 + floor(random() * 3)::int],
       repeat(md5(i::text), 1 + (random() * 8)::int), (random() * 10000)::numeric(12, 2), random(),
       date '2020-01-01' + i / 200, timestamptz '2020-01-01' + i * interval '37 seconds',
       CASE WHEN random() < 0.7 THEN NULL ELSE floor(random() * 50000)::int END,
       CASE WHEN random() < 0.98 THEN NULL ELSE 'rare ' || i END,
       md5(i::text)::uuid, 'C' || lpad((i % 5000)::text, 7, '0'), (random() * 1000)::int, NULL
  FROM generate_series(1, 100000) AS i;
CREATE TABLE measured (device integer NOT NULL, day date NOT NULL, value integer) PARTITION BY RANGE (day);
CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE measured_2025 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO measured SELECT floor(random() * 500)::int, date '2024-01-01' + floor(random() * 700)::int, i FROM generate_series(1, 40000) AS i;
CREATE TABLE places (town integer NOT NULL, region integer NOT NULL);
INSERT INTO places SELECT t, t % 300 * 7 FROM (SELECT floor(random() * 3000)::int FROM generate_series(1, 60000)) AS r (t);
CREATE TABLE empty (a integer);
