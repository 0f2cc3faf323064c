-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY orders_state ON orders (state);
-- +goose StatementBegin
CREATE FUNCTION one() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
-- +goose StatementEnd
-- +goose Down
DROP INDEX orders_state;
