"""What all rules that drop an index share: which must stay, and the proof that the workload does not miss one."""

from __future__ import annotations

from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Index, Table
from dbtune.rules.context import Context
from dbtune.rules.ledger import Comparison
from dbtune.rules.mysql_tables import is_mysql, is_named_in_hint, is_needed_by_foreign_key

ON_REPLICAS = {
    "postgres": "idx_scan on the replicas, too, before dropping it",
    "mysql": "sys.schema_unused_indexes on the replicas, too, before dropping it",
    "mariadb": "its use on the replicas, too, before dropping it",
}
"""Where the use of an index shows."""


def replicas_words(ctx: Context) -> str:
    return f"Statistics of use are kept on each server apart: look at {ON_REPLICAS[ctx.snapshot.server.dialect]}."


def must_stay(index: Index) -> bool:
    """Whether more than reading depends on it: a constraint, replication, CLUSTER, or a partitioned index above it.

    An index of a partition goes with the index it is attached to, and only with it.
    """
    facts = index.facts
    return (
        facts is None
        or index.primary
        or index.exclusion
        or facts.constraint is not None
        or facts.replica_identity
        or facts.clustered
        or facts.partition_of is not None
    )


def is_referenced(ctx: Context, table: Table, index: Index) -> bool:
    """Whether a foreign key may rest on this unique index: which one it is, the snapshot does not say."""
    columns = {key.column for key in index.keys}
    return index.unique and any(
        key.referenced_table == table.name and set(key.referenced_columns) == columns
        for other in ctx.snapshot.tables
        for key in other.foreign_keys
    )


def serves_nothing_else(ctx: Context, table: Table, index: Index) -> bool:
    """Whether no earlier advice counts on the index; of MySQL and MariaDB: nor a foreign key, nor a hint."""
    if index.full_name in ctx.ledger.needed:
        return False
    if not is_mysql(ctx.snapshot):
        return True
    needed = is_needed_by_foreign_key(ctx.snapshot, table, index, ctx.existing_indexes(table))
    return not needed and not is_named_in_hint(ctx.statements, index)


def supports_foreign_key(table: Table, index: Index) -> bool:
    """Whether it begins with the columns of one of the table's foreign keys."""
    return index.predicate is None and any(
        set(index.columns[: len(key.columns)]) == set(key.columns) for key in table.foreign_keys
    )


def subject_of(index: Index) -> Subject:
    return Subject(index.table.schema, index.table.name, index.columns, index.name)


def drop_evidence(ctx: Context, table: Table, index: Index, comparison: Comparison) -> Evidence:
    """The workload without the index, the space it gives back, and what writers save."""
    freed, saved = ctx.index_bytes(index), saved_writes(ctx, table, index)
    if comparison.failed or not ctx.statements:
        return Evidence("heuristic", bytes=freed, write_cost=saved)
    return Evidence(
        confidence=ctx.planner.confidence,
        planner=ctx.planner.name,
        cost_before=comparison.before,
        cost_after=comparison.after,
        gain=comparison.gain,
        bytes=freed,
        write_cost=saved,
        statements=comparison.evidence,
    )


def saved_writes(ctx: Context, table: Table, index: Index) -> float | None:
    """Planner units over the workload that writers no longer pay: negative; None where no write is known."""
    cost = ctx.write_cost(index, table)
    return None if cost is None else -cost


def harmless(ctx: Context, comparison: Comparison) -> bool:
    """Whether the workload does not miss the index: no statement becomes noticeably dearer."""
    rise = ctx.options.tolerated_rise
    return not comparison.failed and comparison.worst_rise <= rise and comparison.gain >= -ctx.options.min_gain
