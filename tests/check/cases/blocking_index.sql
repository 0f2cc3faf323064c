SET lock_timeout = '2s';
CREATE INDEX orders_state ON orders (state);
CREATE UNIQUE INDEX IF NOT EXISTS orders_id_state ON public.orders (id, state) WHERE state <> 'new';
ALTER TABLE lines ADD CONSTRAINT lines_key UNIQUE (product, order_id, n);
CREATE INDEX events_kind ON events (kind);
