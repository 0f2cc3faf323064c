-- Silent: nobody waits.
CREATE INDEX CONCURRENTLY orders_state ON orders (state);
CREATE INDEX countries_name ON countries (name);
CREATE INDEX events_kind ON ONLY events (kind);
CREATE INDEX CONCURRENTLY events_2024_kind ON events_2024 (kind);
ALTER INDEX events_kind ATTACH PARTITION events_2024_kind;
