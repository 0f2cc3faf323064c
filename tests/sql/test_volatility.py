"""Expressions called immutable: the server builds an index on each of them."""

from __future__ import annotations

import psycopg

from dbtune.ddl.quoting import qualified
from dbtune.sql.facts import statement_facts
from dbtune.sql.volatility import CHECKED_BY_ARGUMENT, IMMUTABLE_FUNCTIONS
from tests.sql.conftest import Shop
from tests.sql.test_facts import ALL_CASES


def test_an_index_can_be_built_on_every_expression(shop: Shop) -> None:
    expressions = {
        (qualified(use.table), text)
        for _, _, sql, _ in ALL_CASES
        for use in statement_facts(sql, shop.snapshot).uses
        for text in (
            *(predicate.expression for predicate in use.predicates),
            *(key.expression for key in (*use.order_by, *use.group_by)),
        )
        if text is not None
    }
    assert len(expressions) > 20
    with psycopg.connect(shop.url) as connection:
        for table, text in sorted(expressions):
            with connection.transaction(force_rollback=True):
                connection.execute(f"CREATE INDEX ON {table} (({text}))".encode())


def test_the_functions_are_immutable_on_the_server(shop: Shop) -> None:
    with psycopg.connect(shop.url) as connection:
        rows = connection.execute(
            "SELECT proname, array_agg(DISTINCT provolatile::text) FROM pg_proc"
            " WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' GROUP BY 1"
        ).fetchall()
    found = {name: set(kinds) for name, kinds in rows}
    wrong = {name for name in IMMUTABLE_FUNCTIONS if found.get(name, {"i"}) != {"i"}}
    assert wrong == CHECKED_BY_ARGUMENT
