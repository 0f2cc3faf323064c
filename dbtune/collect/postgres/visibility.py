"""What the role could not see of the tables, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dbtune.collect.postgres import statistics
from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.collect.words import named
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Table


def note_hidden_statistics(catalog: Catalog, tables: Sequence[tuple[Table, Row]]) -> None:
    """Tables without statistics, by the reason why; nothing more where the statistics as a whole could not be read."""
    if not catalog.could_see(statistics.WHAT):
        return
    unreadable = [table for table, row in tables if not row.readable]
    guarded = [table for table, row in tables if row.readable and row.rows_hidden]
    filled_parents = {parent for table, _ in tables if table.file_pages > 0 for parent in table.parents}
    never = [
        table
        for table, row in tables
        if row.readable and not row.rows_hidden and _never_analyzed(table, filled_parents)
    ]
    for found, why in (
        (unreadable, "permission denied; GRANT SELECT on them shows pg_stats (dbtune reads no row)"),
        (guarded, "row-level security hides pg_stats from this role; ALTER ROLE ... BYPASSRLS shows them"),
        (never, "never analyzed; run ANALYZE"),
    ):
        if found:
            catalog.limit(f"statistics of {named([table.name for table in found])}", why)


def _never_analyzed(table: Table, filled_parents: Collection[QualifiedName]) -> bool:
    if table.kind == "partitioned":
        # autovacuum never analyzes the partitioned table itself, only its partitions
        return table.name in filled_parents and all(column.inherited_statistics is None for column in table.columns)
    return table.file_pages > 0 and all(column.statistics is None for column in table.columns)
