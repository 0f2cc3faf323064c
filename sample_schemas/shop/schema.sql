-- A web shop of a few years: tables, and the indexes that people added on the way.

CREATE FUNCTION shop_random(row_number bigint, stream integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT (hashint8extended(row_number, stream) & 9007199254740991)::double precision / 9007199254740992 $$;
COMMENT ON FUNCTION shop_random IS 'Number from 0 to 1 that is the same in every run, for making sample data';

CREATE TYPE payment_state AS ENUM ('pending', 'captured', 'failed', 'refunded');

CREATE TABLE categories (
    id integer PRIMARY KEY,
    name text NOT NULL
);

CREATE TABLE customers (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    full_name text NOT NULL,
    country char(2) NOT NULL,
    city text NOT NULL,
    status text NOT NULL,
    marketing boolean NOT NULL,
    referrer_id bigint,
    last_login_at timestamptz,
    created_at timestamptz NOT NULL
);

CREATE TABLE products (
    id bigint PRIMARY KEY,
    sku text NOT NULL,
    category_id integer NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    price_cents integer NOT NULL,
    tags text[] NOT NULL,
    attributes jsonb NOT NULL,
    active boolean NOT NULL,
    search tsvector GENERATED ALWAYS AS (to_tsvector('english', name || ' ' || description)) STORED
);

CREATE TABLE orders (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    status text NOT NULL,
    total_cents integer NOT NULL,
    coupon_code text,
    shipping_country char(2) NOT NULL,
    placed_at timestamptz NOT NULL,
    shipped_at timestamptz
);

CREATE TABLE order_items (
    id bigint PRIMARY KEY,
    order_id bigint NOT NULL,
    product_id bigint NOT NULL,
    quantity integer NOT NULL,
    price_cents integer NOT NULL
);

CREATE TABLE payments (
    id bigint PRIMARY KEY,
    order_id bigint NOT NULL,
    state payment_state NOT NULL,
    provider_reference text NOT NULL,
    amount_cents integer NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE reviews (
    id bigint PRIMARY KEY,
    product_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    rating integer NOT NULL,
    approved boolean NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE carts (
    id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    item_count integer NOT NULL,
    updated_at timestamptz NOT NULL,
    checked_out_at timestamptz
);

CREATE TABLE events (
    id bigint PRIMARY KEY,
    customer_id bigint,
    session_id uuid NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    customer_id bigint NOT NULL,
    expires_at timestamptz NOT NULL
);
