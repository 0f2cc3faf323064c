"""The index of a partition tree, run there and back on a server."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.indexes import MAXIMUM_NAME_BYTES
from dbtune.ddl.partitioned import create_partitioned_index, drop_partitioned_index, taken_names
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot

LONG = "x" * 60
SCHEMA = f"""
CREATE SCHEMA "Old";
CREATE TABLE log (id bigint, at date NOT NULL, "Kind" int, note text) PARTITION BY RANGE (at);
CREATE TABLE log_2024 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE "Old"."Log 2023" PARTITION OF log
    FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST ("Kind");
CREATE TABLE "Old".{LONG}_1 PARTITION OF "Old"."Log 2023" FOR VALUES IN (1);
CREATE TABLE "Old".{LONG}_2 PARTITION OF "Old"."Log 2023" DEFAULT;
CREATE TABLE empty (id bigint) PARTITION BY HASH (id);
CREATE TABLE taken ("idx_log_2024_Kind" int);
CREATE VIEW "idx_log_2024_Kind_at_incl_partial" AS SELECT 1 AS one;
INSERT INTO log SELECT i, '2023-01-01'::date + i % 700, i % 3, 'note' FROM generate_series(1, 3000) i;
"""
INDEX = Index(
    "idx_log_kind",
    QualifiedName("public", "log"),
    (IndexKey("Kind"), IndexKey("at", descending=True, nulls_first=True)),
    include=("id",),
    predicate="note IS NOT NULL",
)
INDEXES = """
SELECT c.relname, i.indisvalid, (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = c.oid)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace::regnamespace::text IN ('public', '"Old"') ORDER BY 1
"""


def snapshot_of(url: str) -> Snapshot:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return collect(target, CollectOptions(workload=False), NoProgress())


def test_the_whole_tree_there_and_back(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    up = create_partitioned_index(INDEX, snapshot_of(url))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in up:
            connection.execute(statement.encode())
        made = connection.execute(INDEXES).fetchall()
        assert len(made) == 5
        assert all(valid for _, valid, _ in made)
        assert sum(parent == "idx_log_kind" for _, _, parent in made) == 2
        assert all(len(str(name).encode()) <= MAXIMUM_NAME_BYTES for name, _, _ in made)
        connection.execute(drop_partitioned_index(INDEX).encode())
        assert connection.execute(INDEXES).fetchall() == []


def test_partitions_are_built_without_stopping_writers(make_database: Callable[..., str]) -> None:
    up = create_partitioned_index(INDEX, snapshot_of(make_database(SCHEMA)))
    builds = [statement for statement in up if statement.startswith("CREATE")]
    assert sum(statement.startswith("CREATE INDEX CONCURRENTLY ") for statement in builds) == 3
    assert sum(" ON ONLY " in statement for statement in builds) == 2
    assert len(builds) == 5
    assert len(up) == 9


def test_a_tree_without_partitions(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    index = Index("idx_empty", QualifiedName("public", "empty"), (IndexKey("id"),))
    (statement,) = create_partitioned_index(index, snapshot_of(url))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
        assert connection.execute(INDEXES).fetchall() == [("idx_empty", True, None)]


def test_names_of_all_relations_are_taken(make_database: Callable[..., str]) -> None:
    snapshot = snapshot_of(make_database(SCHEMA))
    assert {"log", "taken", "idx_log_2024_Kind_at_incl_partial"} <= taken_names(snapshot, "public")
    assert "log" not in taken_names(snapshot, "Old")
    assert taken_names(snapshot, "nowhere") == set()
