-- Tables that each have one thing statistics hardly tell and an index's size depends on.
SELECT setseed(0.42);

-- references that follow a power law: few customers order most
CREATE TABLE purchases (id bigint PRIMARY KEY, customer_id bigint NOT NULL, state text NOT NULL, shipped_on date);
INSERT INTO purchases
SELECT i, 1 + floor(60000 * power(random(), 2.5)), (ARRAY['open', 'done', 'done', 'done', 'lost'])[1 + i % 5],
       CASE WHEN random() < 0.9 THEN date '2025-01-01' + floor(random() * 365)::int END
FROM generate_series(1, 150000) AS i;

-- lines of a receipt that has no table of its own: customer, day and shop are the receipt's, the item is the line's
CREATE TABLE sales_lines (
    item_id integer NOT NULL, receipt_number integer NOT NULL, customer_id integer NOT NULL, day date NOT NULL,
    shop_id integer NOT NULL, price numeric(7, 2) NOT NULL, PRIMARY KEY (item_id, receipt_number));
INSERT INTO sales_lines
SELECT i % 10 * 900 + abs(hashint4(i) % 900), r, 1 + abs(hashint4(r) % 8000),
       date '2020-01-01' + abs(hashint4(-r) % 1800), 1 + abs(hashint4(r + 7) % 6), random() * 1000
FROM (SELECT i, i / 10 AS r FROM generate_series(1, 150000) AS i) AS numbered;

-- three days of a row, independent of each other, two of them with NULLs
CREATE TABLE appointments (
    id integer PRIMARY KEY, asked_on date NOT NULL, meant_for date, held_on date, price integer NOT NULL, paid integer NOT NULL);
INSERT INTO appointments
SELECT i, date '2024-01-01' + floor(random() * 700)::int,
       CASE WHEN random() < 0.8 THEN date '2024-01-01' + floor(random() * 700)::int END,
       CASE WHEN random() < 0.5 THEN date '2024-03-01' + floor(random() * 700)::int END,
       floor(random() * 1000)::int, floor(random() * 500)::int
FROM generate_series(1, 60000) AS i;

-- days of one course of events: the one never comes before the other
CREATE TABLE parcels (id integer PRIMARY KEY, sent_on date NOT NULL, arrived_on date NOT NULL);
INSERT INTO parcels SELECT i, day, day + 1 + i % 9
FROM (SELECT i, date '2024-01-01' + floor(random() * 700)::int AS day FROM generate_series(1, 60000) AS i) AS sent;

-- documents, lists and texts
CREATE TABLE documents (id integer PRIMARY KEY, body jsonb NOT NULL, tags text[] NOT NULL, words tsvector NOT NULL);
INSERT INTO documents
SELECT i, jsonb_build_object('colour', (ARRAY['red', 'blue', 'green'])[1 + i % 3], 'size', floor(random() * 3000)::int,
                             'owner', 'u' || floor(random() * 500)::int),
       ARRAY['t' || floor(random() * 300)::int, 't' || floor(power(random(), 3) * 300)::int],
       to_tsvector('simple', 'lorem ipsum ' || substr(md5(i::text), 1, 9) || ' w' || i % 40)
FROM generate_series(1, 60000) AS i;

-- strings of very different widths, beside a reference of few values
CREATE TABLE people (id integer PRIMARY KEY, name char(25) NOT NULL, address varchar(40) NOT NULL, country_id integer NOT NULL,
                     phone text NOT NULL, born_at timestamp NOT NULL);
INSERT INTO people
SELECT i, 'Person ' || i, substr(md5(i::text) || md5((-i)::text), 1, 10 + floor(random() * 31)::int), i % 25,
       (10 + i % 25) || '-' || floor(random() * 1000000)::int, timestamp '1950-01-01' + random() * interval '40 years'
FROM generate_series(1, 60000) AS i;
