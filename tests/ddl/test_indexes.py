"""CREATE INDEX of every shape, read back from the server; names that are unique and fit."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.ddl.indexes import MAXIMUM_NAME_BYTES, create_index, drop_index, index_name
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey

TABLE = QualifiedName("Shop", "Order")
SCHEMA = """
CREATE EXTENSION pg_trgm;
CREATE SCHEMA "Shop";
CREATE TABLE "Shop"."Order" (id bigint, "user" text, status text, tags text[], data jsonb, "größe" int, at timestamptz);
"""
TRIGRAMS = QualifiedName("public", "gin_trgm_ops")
PATTERN = QualifiedName("pg_catalog", "text_pattern_ops")

SHAPES = [
    (
        Index("a", TABLE, (IndexKey("user"), IndexKey("größe", descending=True, nulls_first=True))),
        'btree ("user", "größe" DESC)',
    ),
    (Index("b", TABLE, (IndexKey("at", descending=True),)), "btree (at DESC NULLS LAST)"),
    (Index("c", TABLE, (IndexKey("at", nulls_first=True),)), "btree (at NULLS FIRST)"),
    (Index("d", TABLE, (IndexKey("id"),), include=("user", "at")), 'btree (id) INCLUDE ("user", at)'),
    (Index("e", TABLE, (IndexKey("at"),), predicate="status = 'it''s new'"), "WHERE (status = 'it''s new'::text)"),
    (Index("f", TABLE, (IndexKey(expression='lower("user")'),)), 'btree (lower("user"))'),
    (Index("g", TABLE, (IndexKey("status", opclass=PATTERN),)), "btree (status text_pattern_ops)"),
    (Index("h", TABLE, (IndexKey("status", collation=QualifiedName("pg_catalog", "C")),)), 'COLLATE "C"'),
    (Index("i", TABLE, (IndexKey("data"),), "gin"), "gin (data)"),
    (Index("j", TABLE, (IndexKey("user", opclass=TRIGRAMS),), "gin"), 'gin ("user" gin_trgm_ops)'),
    (Index("k", TABLE, (IndexKey("at"),), "brin", options=(("pages_per_range", "32"),)), "WITH (pages_per_range='32')"),
    (Index("l", TABLE, (IndexKey("id"),), unique=True, nulls_not_distinct=True), "NULLS NOT DISTINCT"),
]


@pytest.mark.parametrize("concurrently", [False, True])
def test_every_shape_runs_and_goes_again(make_database: Callable[..., str], concurrently: bool) -> None:
    with psycopg.connect(make_database(SCHEMA), autocommit=True) as connection:
        for index, expected in SHAPES:
            connection.execute(create_index(index, concurrently=concurrently).encode())
            row = connection.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = %s AND indexname = %s", [TABLE.schema, index.name]
            ).fetchone()
            assert row is not None and expected in str(row[0])
            connection.execute(drop_index(index.qualified_name, concurrently=concurrently).encode())
        assert connection.execute("SELECT count(*) FROM pg_indexes WHERE schemaname = 'Shop'").fetchone() == (0,)


WORDS = st.text(min_size=1, max_size=70)


@given(table=WORDS, columns=st.lists(WORDS, min_size=1, max_size=4), often=st.integers(1, 4))
def test_names_fit_differ_and_repeat(table: str, columns: list[str], often: int) -> None:
    index = Index("", QualifiedName("s", table), tuple(IndexKey(column) for column in columns))

    def names() -> list[str]:
        taken: set[str] = set()
        for _ in range(often):
            taken.add(index_name(index, taken))
        return sorted(taken)

    made = names()
    assert len(made) == often
    assert all(len(name.encode()) <= MAXIMUM_NAME_BYTES for name in made)
    assert made == names()
