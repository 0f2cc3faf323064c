-- A web shop of a few years, as applications on MySQL and MariaDB have it: few foreign keys, and the troubles of growth.

CREATE TABLE categories (
    id int NOT NULL PRIMARY KEY,
    name varchar(60) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE customers (
    id bigint NOT NULL PRIMARY KEY,
    email varchar(120) NOT NULL,
    full_name varchar(100) NOT NULL,
    country char(2) NOT NULL,
    city varchar(60) NOT NULL,
    status enum('active', 'closed', 'blocked') NOT NULL,
    marketing tinyint(1) NOT NULL,
    referrer_id bigint,
    last_login_at datetime,
    created_at datetime NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE products (
    id bigint NOT NULL PRIMARY KEY,
    sku varchar(20) NOT NULL,
    category_id int NOT NULL,
    name varchar(120) NOT NULL,
    description text NOT NULL,
    price_cents int NOT NULL,
    attributes json NOT NULL,
    active tinyint(1) NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE product_tags (
    product_id bigint NOT NULL,
    tag varchar(30) NOT NULL,
    PRIMARY KEY (product_id, tag)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE orders (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    status varchar(20) NOT NULL,
    total_cents int NOT NULL,
    coupon_code varchar(20),
    shipping_country char(2) NOT NULL,
    placed_at datetime NOT NULL,
    shipped_at datetime
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE order_items (
    id bigint NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL,
    product_id bigint NOT NULL,
    quantity int NOT NULL,
    price_cents int NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE payments (
    id bigint NOT NULL PRIMARY KEY,
    order_id bigint NOT NULL,
    state enum('pending', 'captured', 'failed', 'refunded') NOT NULL,
    provider_reference varchar(64) NOT NULL,
    amount_cents int NOT NULL,
    created_at datetime NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reviews (
    id bigint NOT NULL PRIMARY KEY,
    product_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    rating int NOT NULL,
    approved tinyint(1) NOT NULL,
    body text NOT NULL,
    created_at datetime NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE carts (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    item_count int NOT NULL,
    updated_at datetime NOT NULL,
    checked_out_at datetime
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE events (
    id bigint NOT NULL PRIMARY KEY,
    customer_id bigint,
    session_id char(36) CHARACTER SET ascii NOT NULL,
    kind varchar(20) NOT NULL,
    payload json NOT NULL,
    created_at datetime NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE sessions (
    id char(36) CHARACTER SET ascii NOT NULL PRIMARY KEY,
    customer_id bigint NOT NULL,
    expires_at datetime NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
