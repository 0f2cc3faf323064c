"""SQL of changes; the cases run all of it on a real server."""

from __future__ import annotations

from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change
from dbtune.model.schema import Index, IndexFacts, IndexKey, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.rules.changes import build, drop, rebuild
from dbtune.rules.index_tree import IndexTree

NAME = QualifiedName("public", "Orders")
UNIQUE = Index(
    "by code",
    NAME,
    (IndexKey("code"),),
    unique=True,
    facts=IndexFacts('CREATE UNIQUE INDEX "by code" ON public."Orders" USING btree (code) WHERE (NOT gone)'),
)
SNAPSHOT = Snapshot(
    Server("postgres", "17.0", 170000, "shop"),
    "2025-01-01T00:00:00+00:00",
    "0",
    schemas=("public",),
    tables=(Table(NAME, (), indexes=(UNIQUE,)),),
)


def test_an_index_comes_back_as_it_was_without_stopping_writers() -> None:
    assert drop(UNIQUE, SNAPSHOT, IndexTree(SNAPSHOT)) == Change(
        ('DROP INDEX CONCURRENTLY IF EXISTS public."by code"',),
        ('CREATE UNIQUE INDEX CONCURRENTLY "by code" ON public."Orders" USING btree (code) WHERE (NOT gone)',),
    )


def test_an_index_on_an_expression_gets_its_statistics() -> None:
    change = build(Index("low", NAME, (IndexKey(expression="lower(code)"),)), SNAPSHOT)
    assert change.up == (
        'CREATE INDEX CONCURRENTLY low ON public."Orders" ((lower(code)))',
        'ANALYZE public."Orders"',
    )


def test_a_rebuild_has_no_way_back() -> None:
    assert rebuild(UNIQUE) == Change(('REINDEX INDEX CONCURRENTLY public."by code"',), ())
