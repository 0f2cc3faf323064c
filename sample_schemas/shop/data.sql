-- Rows, skewed as real ones are: few customers and products make most of the business, most orders are long delivered.
-- shop.scale is the share of the full size (1 makes about 3.3 million rows).

INSERT INTO categories SELECT i, 'Category ' || i FROM generate_series(1, 60) AS i;

INSERT INTO customers
SELECT
    i,
    (ARRAY['Anna', 'ben', 'Carla', 'david', 'Eva', 'frank', 'Greta', 'henry'])[1 + floor(8 * shop_random(i, 1))::int]
        || '.' || substr(md5(i::text), 1, 14) || '@example.' || (ARRAY['com', 'org', 'net'])[1 + (i % 3)],
    initcap(substr(md5(i::text), 1, 6)) || ' ' || initcap(substr(md5((i * 7)::text), 1, 9)),
    (ARRAY['DE', 'DE', 'DE', 'FR', 'FR', 'US', 'US', 'US', 'US', 'GB', 'NL', 'PL', 'SE', 'JP'])
        [1 + floor(14 * shop_random(i, 2))::int],
    'City ' || floor(power(shop_random(i, 3), 2) * 800)::int,
    CASE WHEN shop_random(i, 4) < 0.95 THEN 'active' WHEN shop_random(i, 4) < 0.99 THEN 'closed' ELSE 'blocked' END,
    shop_random(i, 5) < 0.3,
    CASE WHEN shop_random(i, 6) < 0.1 THEN 1 + floor(shop_random(i, 7) * i)::bigint END,
    CASE WHEN shop_random(i, 8) < 0.7 THEN timestamptz '2026-06-30 00:00+00' - shop_random(i, 9) * interval '700 days' END,
    timestamptz '2022-01-01 00:00+00' + (i / (200000.0 * s)) * interval '1600 days'
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (200000 * s)::bigint) AS i;

INSERT INTO products (id, sku, category_id, name, description, price_cents, tags, attributes, active)
SELECT
    i,
    'SKU-' || lpad(i::text, 7, '0'),
    1 + floor(60 * power(shop_random(i, 11), 2))::int,
    (ARRAY['Oak', 'Steel', 'Linen', 'Glass', 'Wool', 'Cork'])[1 + floor(6 * shop_random(i, 12))::int] || ' '
        || (ARRAY['table', 'lamp', 'shelf', 'chair', 'kettle', 'blanket', 'frame', 'bottle'])[1 + floor(8 * shop_random(i, 13))::int]
        || ' ' || substr(md5(i::text), 1, 4),
    'A ' || (ARRAY['sturdy', 'light', 'handmade', 'recycled', 'classic'])[1 + floor(5 * shop_random(i, 14))::int]
        || ' piece for the ' || (ARRAY['kitchen', 'garden', 'office', 'hall', 'bathroom'])[1 + floor(5 * shop_random(i, 15))::int]
        || ', article ' || md5((i * 3)::text),
    500 + floor(power(shop_random(i, 16), 3) * 50000)::int,
    ARRAY['t' || floor(power(shop_random(i, 17), 2) * 400)::int, 't' || floor(shop_random(i, 18) * 400)::int],
    jsonb_build_object(
        'colour', (ARRAY['black', 'white', 'oak', 'blue', 'red', 'teal'])[1 + floor(6 * power(shop_random(i, 19), 2))::int],
        'weight', floor(shop_random(i, 20) * 9000)::int,
        'supplier', 'S' || floor(shop_random(i, 21) * 900)::int),
    shop_random(i, 22) < 0.9
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (40000 * s)::bigint) AS i;

INSERT INTO orders
SELECT
    i,
    1 + floor(power(shop_random(i, 31), 2.5) * 200000 * s)::bigint,
    CASE
        WHEN i > 500000 * s * 0.995 THEN 'pending'
        WHEN i > 500000 * s * 0.985 THEN 'processing'
        WHEN i > 500000 * s * 0.96 THEN 'shipped'
        WHEN shop_random(i, 32) < 0.06 THEN 'cancelled'
        ELSE 'delivered'
    END,
    1000 + floor(power(shop_random(i, 33), 4) * 200000)::int,
    CASE WHEN shop_random(i, 34) < 0.04 THEN 'SAVE' || floor(shop_random(i, 35) * 50)::int END,
    (ARRAY['DE', 'DE', 'DE', 'FR', 'FR', 'US', 'US', 'US', 'US', 'GB', 'NL', 'PL', 'SE', 'JP'])
        [1 + floor(14 * shop_random(i, 36))::int],
    timestamptz '2023-01-01 00:00+00' + (i / (500000.0 * s)) * interval '1275 days' + shop_random(i, 37) * interval '2 hours',
    CASE
        WHEN i <= 500000 * s * 0.985
        THEN timestamptz '2023-01-01 00:00+00' + (i / (500000.0 * s)) * interval '1275 days' + (0.5 + shop_random(i, 38)) * interval '2 days'
    END
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (500000 * s)::bigint) AS i;

INSERT INTO order_items
SELECT
    i,
    1 + ((i - 1) / 2.4)::bigint,
    1 + floor(power(shop_random(i, 41), 3) * 40000 * s)::bigint,
    1 + floor(power(shop_random(i, 42), 3) * 5)::int,
    500 + floor(power(shop_random(i, 43), 3) * 50000)::int
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (1200000 * s)::bigint - 3) AS i;

INSERT INTO payments
SELECT
    i,
    i,
    CASE
        WHEN i > 500000 * s * 0.998 THEN 'pending'
        WHEN shop_random(i, 51) < 0.02 THEN 'failed'
        WHEN shop_random(i, 51) < 0.03 THEN 'refunded'
        ELSE 'captured'
    END::payment_state,
    -- the provider once answered the same request twice
    'pay_' || md5((CASE WHEN i % 20000 = 0 THEN i - 1 ELSE i END)::text),
    1000 + floor(power(shop_random(i, 33), 4) * 200000)::int,
    timestamptz '2023-01-01 00:05+00' + (i / (500000.0 * s)) * interval '1275 days'
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (500000 * s)::bigint) AS i;

INSERT INTO reviews
SELECT
    i,
    1 + floor(power(shop_random(i, 61), 3) * 40000 * s)::bigint,
    1 + floor(power(shop_random(i, 62), 2) * 200000 * s)::bigint,
    1 + floor(5 * sqrt(shop_random(i, 63)))::int,
    shop_random(i, 64) < 0.98,
    'It is ' || (ARRAY['fine', 'good', 'great', 'poor', 'broken'])[1 + floor(5 * shop_random(i, 65))::int]
        || ', ' || repeat(md5(i::text) || ' ', 1 + floor(shop_random(i, 66) * 5)::int),
    timestamptz '2023-01-01 00:00+00' + shop_random(i, 67) * interval '1275 days'
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (120000 * s)::bigint) AS i;

INSERT INTO carts
SELECT
    i,
    1 + floor(power(shop_random(i, 71), 2) * 200000 * s)::bigint,
    1 + floor(power(shop_random(i, 72), 2) * 9)::int,
    timestamptz '2026-06-30 00:00+00' - power(shop_random(i, 73), 2) * interval '500 days',
    CASE WHEN shop_random(i, 74) < 0.97 THEN timestamptz '2026-06-30 00:00+00' - power(shop_random(i, 73), 2) * interval '499 days' END
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (150000 * s)::bigint) AS i;

INSERT INTO events
SELECT
    i,
    CASE WHEN shop_random(i, 81) < 0.6 THEN 1 + floor(power(shop_random(i, 82), 2) * 200000 * s)::bigint END,
    md5((i / 8)::text)::uuid,
    CASE
        WHEN shop_random(i, 83) < 0.8 THEN 'page_view'
        WHEN shop_random(i, 83) < 0.95 THEN 'search'
        WHEN shop_random(i, 83) < 0.998 THEN 'add_to_cart'
        ELSE 'error'
    END,
    jsonb_build_object(
        'path', '/p/' || floor(power(shop_random(i, 84), 3) * 40000 * s)::bigint,
        'campaign', 'c' || floor(power(shop_random(i, 85), 2) * 2000)::int),
    timestamptz '2026-01-01 00:00+00' + (i / (700000.0 * s)) * interval '180 days'
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (700000 * s)::bigint) AS i;

INSERT INTO sessions
SELECT
    md5(i::text)::uuid,
    1 + floor(power(shop_random(i, 91), 2) * 200000 * s)::bigint,
    timestamptz '2026-01-01 00:00+00' + (i / (400000.0 * s)) * interval '180 days'
FROM (SELECT current_setting('shop.scale')::float AS s) AS size, generate_series(1, (400000 * s)::bigint) AS i;
