"""A foreign key whose columns no index begins with.

Every DELETE on the referenced table, and every UPDATE of its key, makes Postgres look for the rows that refer to it:
one query for each row, which without an index reads the whole referencing table and holds locks meanwhile. Postgres
does not create this index by itself; MySQL does. The planner is asked about the very query that the constraint's
trigger runs.

Nothing is said where an existing or recommended index serves the query, where the table is small, or where the
counters show for 14 days that nothing is deleted from the referenced table; with counters younger than that, the key
is only mentioned (severity info), without SQL to run.

## Example

```sql
CREATE TABLE items (order_id bigint REFERENCES orders, …);   -- no index on order_id
DELETE FROM orders WHERE id = 7;   -- runs: SELECT 1 FROM ONLY items x WHERE 7 = order_id FOR KEY SHARE OF x

CREATE INDEX CONCURRENTLY idx_items_order_id ON public.items (order_id);
```

## When not to follow it

Rows of the referenced table are never deleted and their keys never change: then the index only costs writes.

Source: PostgreSQL manual, "Constraints", Foreign Keys; src/backend/utils/adt/ri_triggers.c for the queries.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.ddl.indexes import index_name
from dbtune.ddl.partitioned import taken_names
from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.access import RelationUse, StatementFacts
from dbtune.model.errors import PlanFailed
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Constraint, Index, IndexKey, Table
from dbtune.model.units import human_bytes, human_count
from dbtune.model.workload import Instance, Statement
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.changes import build
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.index.unused import statistics_age_days
from dbtune.rules.ledger import statement_evidence
from dbtune.rules.registry import rule
from dbtune.rules.wording import cost_words, plan_change, table_words, writes_words

WORTHWHILE = 0.5
"""The check must become this much cheaper, as a share: an index that begins with one of two columns may do already."""

LARGE_TABLE_ROWS = 1e6


@rule("index.foreign-key", group="index", severity="medium", after=("index.missing", "index.redundant"))
def foreign_key_without_index(ctx: Context) -> Iterator[Finding]:
    """Foreign keys of tables, those of partitions with their parent's."""
    for table in ctx.tables():
        if ctx.is_small(table) or ctx.rows(table) is None or table.kind == "foreign table":
            continue
        for key in table.foreign_keys:
            if not key.inherited and key.columns and not _is_served(ctx, table, key):
                yield from _finding(ctx, table, key)


def _is_served(ctx: Context, table: Table, key: Constraint) -> bool:
    wanted = set(key.columns)
    return any(
        (index.method == "btree" and set(index.columns[: len(wanted)]) == wanted and _holds_all(index, key))
        or (index.method == "hash" and set(index.columns) == wanted and _holds_all(index, key))
        for index in ctx.kept_indexes(table)
    )


def _holds_all(index: Index, key: Constraint) -> bool:
    """Whole, or without the rows whose key is NULL: those refer to nothing and are never looked for."""
    if index.predicate is None:
        return True
    return index.predicate.strip("()").lower() in {f"{column} is not null" for column in key.columns}


@dataclass(frozen=True)
class _Proof:
    """The trigger's query, planned without and with the index."""

    check: PlannedStatement
    before: StatementCost
    after: StatementCost


def _finding(ctx: Context, table: Table, key: Constraint) -> Iterator[Finding]:
    changes = _key_changes(ctx, key)
    if changes == 0 and _counters_are_old(ctx):
        return
    index = _index_for(ctx, table, key)
    proof = _prove(ctx, table, key, index, changes or 0.0)
    if proof is None or proof.after.cost > (1 - WORTHWHILE) * proof.before.cost:
        return
    size = ctx.planner.index_bytes(index)
    fits = _fits_budget(ctx, size)
    severity = _severity(ctx, table, changes) if fits else "info"
    is_change = severity != "info"
    writes = ctx.write_cost(index, table)
    yield Finding(
        subject=Subject(table.name.schema, table.name.name, key.columns, index.name if is_change else None),
        title=f"Foreign key {key.name} on {table.name} ({', '.join(key.columns)}) has no index",
        reason=_reason(ctx, table, key, index, proof, changes),
        evidence=_evidence(ctx, proof, size, writes),
        change=build(index, ctx.snapshot) if is_change else Change(),
        risk=_risk(size, writes, fits=fits),
        severity=severity,
        key=key.name,
        add=frozenset({index}) if is_change else frozenset(),
    )


def _index_for(ctx: Context, table: Table, key: Constraint) -> Index:
    index = Index("", table.name, tuple(IndexKey(column) for column in key.columns))
    taken = taken_names(ctx.snapshot, table.name.schema) | {new.name for new in ctx.configuration.add}
    return replace(index, name=index_name(index, taken))


def _key_changes(ctx: Context, key: Constraint) -> float | None:
    """Rows of the referenced table deleted, or given another key; None where neither counters nor workload tell."""
    if key.referenced_table is None:
        return None
    writes = ctx.writes.get(key.referenced_table)
    planned = 0.0
    if writes is not None:
        planned = writes.deletes
        if writes.updated_columns & set(key.referenced_columns):
            planned += writes.updates
    parent = ctx.snapshot.table(key.referenced_table)
    counted = None if parent is None else _deletes(ctx, parent)
    return max(planned, counted) if counted is not None else planned or None


def _deletes(ctx: Context, table: Table) -> float | None:
    counts = [_deletes(ctx, child) for child in ctx.snapshot.children(table.name)]
    own = None if table.activity is None else float(table.activity.deletes)
    known = [count for count in (own, *counts) if count is not None]
    return sum(known) if known else None


def _counters_are_old(ctx: Context) -> bool:
    days = statistics_age_days(ctx.snapshot.server.statistics_reset, ctx.snapshot.collected_at)
    return days is not None and days >= ctx.options.unused_days


def _prove(ctx: Context, table: Table, key: Constraint, index: Index, changes: float) -> _Proof | None:
    check = _check(table, key, changes)
    if not ctx.planner.prepare([index]):
        return None
    try:
        before = ctx.gate.cost(check, ctx.configuration)
        after = ctx.gate.cost(check, ctx.configuration.with_index(index))
    except PlanFailed:
        return None
    return _Proof(check, before, after)


def _check(table: Table, key: Constraint, changes: float) -> PlannedStatement:
    """The query that the constraint's trigger runs for one deleted row. Source: ri_triggers.c."""
    only = "" if table.kind == "partitioned" else "ONLY "
    relation = f"{only}{qualified(table.name)}"
    columns = [identifier(column) for column in key.columns]
    where = " AND ".join(f"${number} = {column}" for number, column in enumerate(columns, 1))
    match key.on_delete:
        case "cascade":
            sql = f"DELETE FROM {relation} WHERE {where}"
        case "set null" | "set default":
            sql = f"UPDATE {relation} SET {', '.join(f'{c} = NULL' for c in columns)} WHERE {where}"
        case _:
            sql = f"SELECT 1 FROM {relation} x WHERE {where} FOR KEY SHARE OF x"
    return PlannedStatement(
        Statement(f"foreign key {table.name} {key.name}", sql, calls=changes, source="foreign key"),
        StatementFacts("select", uses=(RelationUse(table.name, "x"),)),
        (Instance(sql, generic=True),),
    )


def _severity(ctx: Context, table: Table, changes: float | None) -> Severity:
    if changes is None:
        return "low"
    if changes == 0:
        return "info"
    return "high" if (ctx.rows(table) or 0) >= LARGE_TABLE_ROWS else "medium"


def _reason(ctx: Context, table: Table, key: Constraint, index: Index, proof: _Proof, changes: float | None) -> str:
    parent = key.referenced_table
    access = plan_change(ctx, proof.before, proof.after, table, index)
    what = {"cascade": "deletes", "set null": "updates", "set default": "updates"}.get(key.on_delete, "looks for")
    times = "how many there are is not known" if changes is None else f"{human_count(changes)} known so far"
    return (
        f"Each row deleted from {parent} (or given another key; {times}) {what} its rows in {table_words(ctx, table)}: "
        f"{access}{', ' if access else ''}{cost_words(proof.before.cost, proof.after.cost)}."
    )


def _evidence(ctx: Context, proof: _Proof, size: int, writes: float | None) -> Evidence:
    calls = proof.check.calls
    return Evidence(
        confidence=ctx.planner.confidence,
        planner=ctx.planner.name,
        # the check is no statement of the workload: its own cost stands here, and no share of the workload
        cost_before=calls * proof.before.cost,
        cost_after=calls * proof.after.cost,
        bytes=size,
        write_cost=writes,
        statements=(statement_evidence(proof.check, proof.before, proof.after),),
    )


def _fits_budget(ctx: Context, size: int) -> bool:
    budget = ctx.options.budget_bytes
    if budget is None:
        return True
    return size + sum(ctx.planner.index_bytes(index) for index in ctx.configuration.add) <= budget


def _risk(size: int, writes: float | None, *, fits: bool) -> str:
    cost = writes_words(writes)
    price = f"It takes {human_bytes(size)}" + (f" and {cost}." if cost else ".")
    return price if fits else f"{price} It does not fit into the budget beside the other new indexes."
