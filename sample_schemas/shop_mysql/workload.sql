-- An hour of the shop. "calls" is how often a statement runs in it.

-- customer by e-mail
-- calls: 900
SELECT id, full_name, status FROM customers WHERE email = 'Anna.6b86b273ff34fc@example.org';

-- customer by id
-- calls: 20000
SELECT id, email, full_name, country, status FROM customers WHERE id = 4711;

-- orders of a customer, newest first
-- calls: 4000
SELECT id, status, total_cents, placed_at FROM orders WHERE customer_id = 1234 ORDER BY placed_at DESC LIMIT 20;

-- one order with its items
-- calls: 6000
SELECT o.id, o.status, i.product_id, i.quantity, i.price_cents
FROM orders o JOIN order_items i ON i.order_id = o.id
WHERE o.id = 250000;

-- queue of the warehouse
-- calls: 1200
SELECT id, customer_id, total_cents FROM orders WHERE status = 'pending' ORDER BY placed_at LIMIT 50;

-- payments that wait for the provider
-- calls: 600
SELECT id, order_id, provider_reference FROM payments WHERE state = 'pending' AND created_at < '2026-06-29' ORDER BY created_at LIMIT 100;

-- payment of an order
-- calls: 3000
SELECT id, state, amount_cents FROM payments WHERE order_id = 300123;

-- payment by the provider's reference
-- calls: 800
SELECT id, order_id, state FROM payments WHERE provider_reference = 'pay_6b86b273ff34fce19d6b804eff5a3f57';

-- revenue by day over a month
-- calls: 30
SELECT DATE(placed_at) AS day, count(*), sum(total_cents)
FROM orders
WHERE placed_at >= '2026-05-01' AND placed_at < '2026-06-01'
GROUP BY DATE(placed_at) ORDER BY day;

-- best sellers of a week
-- calls: 20
SELECT i.product_id, sum(i.quantity) AS sold
FROM orders o JOIN order_items i ON i.order_id = o.id
WHERE o.placed_at >= '2026-06-20' AND o.status <> 'cancelled'
GROUP BY i.product_id ORDER BY sold DESC LIMIT 10;

-- what else is in the orders that hold this product
-- calls: 300
SELECT other.product_id, count(*) AS times
FROM order_items this JOIN order_items other ON other.order_id = this.order_id AND other.product_id <> this.product_id
WHERE this.product_id = 31000
GROUP BY other.product_id ORDER BY times DESC LIMIT 5;

-- how often a product was sold
-- calls: 1500
SELECT count(*), sum(quantity) FROM order_items WHERE product_id = 27500;

-- products of a category, cheapest first
-- calls: 2500
SELECT id, name, price_cents FROM products WHERE category_id = 42 AND active = 1 ORDER BY price_cents LIMIT 24;

-- product by article number
-- calls: 5000
SELECT id, name, price_cents, attributes FROM products WHERE sku = 'SKU-0012345';

-- words within the description
-- calls: 70
SELECT id, name FROM products WHERE description LIKE '%handmade%garden%' LIMIT 30;

-- products by an attribute
-- calls: 200
SELECT id, name FROM products WHERE JSON_VALUE(attributes, '$.supplier') = 'S77';

-- products by tag
-- calls: 400
SELECT p.id, p.name FROM product_tags t JOIN products p ON p.id = t.product_id WHERE t.tag = 't377';

-- product names that begin with
-- calls: 500
SELECT id, name FROM products WHERE name LIKE 'Cork kettle a%' ORDER BY name LIMIT 10;

-- reviews of a product
-- calls: 3500
SELECT id, rating, body, created_at FROM reviews WHERE product_id = 12000 AND approved = 1 ORDER BY created_at DESC LIMIT 10;

-- mean rating of a product
-- calls: 3500
SELECT avg(rating), count(*) FROM reviews WHERE product_id = 15000 AND approved = 1;

-- reviews that wait for approval
-- calls: 60
SELECT id, product_id, body FROM reviews WHERE approved = 0 ORDER BY created_at LIMIT 20;

-- open cart of a customer
-- calls: 5000
SELECT id, item_count, updated_at FROM carts WHERE customer_id = 77123 AND checked_out_at IS NULL;

-- carts to remind of
-- calls: 40
SELECT id, customer_id FROM carts WHERE checked_out_at IS NULL AND updated_at < '2025-06-01' ORDER BY updated_at LIMIT 200;

-- last events of a customer
-- calls: 700
SELECT kind, payload, created_at FROM events WHERE customer_id = 90210 ORDER BY created_at DESC LIMIT 50;

-- errors of the last days
-- calls: 120
SELECT id, payload, created_at FROM events WHERE kind = 'error' AND created_at > '2026-06-25' ORDER BY created_at DESC;

-- events by hour of a day
-- calls: 24
SELECT HOUR(created_at) AS hour, kind, count(*)
FROM events
WHERE created_at >= '2026-06-10' AND created_at < '2026-06-11'
GROUP BY HOUR(created_at), kind ORDER BY hour, kind;

-- next page of the order list
-- calls: 150
SELECT id, customer_id, status, placed_at FROM orders WHERE placed_at < '2025-03-01' ORDER BY placed_at DESC, id DESC LIMIT 50;

-- customers of a city
-- calls: 100
SELECT id, full_name, email FROM customers WHERE country = 'NL' AND city = 'City 512';

-- customers that a customer has referred
-- calls: 250
SELECT count(*) FROM customers WHERE referrer_id = 5120;

-- a session is looked up
-- calls: 8000
SELECT customer_id FROM sessions WHERE id = '4fc82b26-aecb-47d2-868c-4efbe3581732' AND expires_at > '2026-06-30';

-- dashboard: orders and revenue by country this year
-- calls: 6
SELECT c.country, count(*) AS orders, sum(o.total_cents) AS revenue
FROM orders o JOIN customers c ON c.id = o.customer_id
WHERE o.placed_at >= '2026-01-01' AND o.status = 'delivered'
GROUP BY c.country ORDER BY revenue DESC;

-- an order moves on
-- calls: 900
UPDATE orders SET status = 'shipped', shipped_at = '2026-06-30' WHERE id = 499000;

-- a cart changes
-- calls: 4000
UPDATE carts SET item_count = item_count + 1, updated_at = '2026-06-30' WHERE id = 4242;

-- an event comes in
-- calls: 25000
INSERT INTO events (id, customer_id, session_id, kind, payload, created_at)
VALUES (100000001, 4711, '4fc82b26-aecb-47d2-868c-4efbe3581732', 'page_view', '{"path": "/p/1"}', '2026-06-30');

-- sessions of a customer end
-- calls: 200
DELETE FROM sessions WHERE customer_id = 77;
