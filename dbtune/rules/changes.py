"""The SQL of a finding, there and back: building, dropping and rebuilding an index without stopping writers.

Every statement runs as it stands, in this order, outside a transaction. Source: PostgreSQL manual, CREATE INDEX
("Building Indexes Concurrently"), DROP INDEX, REINDEX, ALTER INDEX … ATTACH PARTITION.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.ddl.indexes import create_index, drop_index
from dbtune.ddl.partitioned import create_partitioned_index, drop_partitioned_index
from dbtune.ddl.quoting import literal, qualified
from dbtune.ddl.tables import attach_index
from dbtune.model.recommendation import Change
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.rules import mysql_changes
from dbtune.rules.index_tree import IndexTree
from dbtune.rules.innodb_changes import build_innodb
from dbtune.rules.mysql_tables import is_mysql

CREATE = re.compile(r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)")


def build(index: Index, snapshot: Snapshot) -> Change:
    """Build a new index; back: drop it."""
    if is_mysql(snapshot):
        return build_innodb(index, snapshot)
    table = snapshot.table(index.table)
    # the values of an expression have no statistics until the next ANALYZE
    analyze = (f"ANALYZE {qualified(index.table)}",) if _has_expression(index) else ()
    if table is None or table.kind != "partitioned":
        return Change((create_index(index), *analyze), (drop_index(index.qualified_name),))
    return Change((*create_partitioned_index(index, snapshot), *analyze), (drop_partitioned_index(index),))


def drop(index: Index, snapshot: Snapshot, tree: IndexTree) -> Change:
    """Drop an existing index; back: build it again from its own definition."""
    if is_mysql(snapshot):
        return mysql_changes.drop(index, snapshot)
    concurrently = not _is_partitioned(index, snapshot)
    up = drop_index(index.qualified_name, concurrently=concurrently)
    return Change((up,), tuple(_restore(index, snapshot, tree)))


def rebuild(index: Index) -> Change:
    """Rebuild an index beside itself. There is no way back, and none is needed: what it holds stays the same."""
    return Change((f"REINDEX INDEX CONCURRENTLY {qualified(index.qualified_name)}",))


def _restore(index: Index, snapshot: Snapshot, tree: IndexTree) -> Iterator[str]:
    if index.facts is None:
        raise ValueError(f"{index.name} does not exist, so there is nothing to restore")
    # the definition of a partitioned index says ON ONLY: it is made without its partitions', which are then attached
    definition = index.facts.definition
    yield definition if _is_partitioned(index, snapshot) else _concurrently(definition)
    for child in tree.attached(index):
        yield from _restore(child, snapshot, tree)
        yield attach_index(index.qualified_name, child)
    if index.facts.comment is not None:
        yield f"COMMENT ON INDEX {qualified(index.qualified_name)} IS {literal(index.facts.comment)}"


def _has_expression(index: Index) -> bool:
    return any(key.expression is not None for key in index.keys)


def _is_partitioned(index: Index, snapshot: Snapshot) -> bool:
    table = snapshot.table(index.table)
    return table is not None and table.kind == "partitioned"


def _concurrently(definition: str) -> str:
    return CREATE.sub(lambda match: f"CREATE {match[1] or ''}INDEX CONCURRENTLY ", definition, count=1)
