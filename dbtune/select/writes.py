"""What writes pay for an index, in planner units, so that it can be set against what reads gain.

Postgres' planner prices a write's search for its rows, never the upkeep of indexes, so this is a model of dbtune's own.
For each entry it counts a descent of the tree (50 ``cpu_operator_cost`` a level and log2(N) comparisons, as
``btcostestimate`` does), one ``cpu_index_tuple_cost``, and the leaf page: ``random_page_cost`` by the chance that it is
not in memory, plus a share for writing it back. Source: ``src/backend/utils/adt/selfuncs.c``; the manual,
"Heap-Only Tuples (HOT)".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement

DESCENT_OPERATORS = 50.0
"""``DEFAULT_PAGE_CPU_MULTIPLIER``: comparisons' worth of work for each page on the way down."""

WRITE_BACK_SHARE = 0.1
"""Of a page write for each entry: neighbours share the page between two checkpoints."""

CLUSTERED_CORRELATION = 0.9
"""From here on new keys come at the end of the index, whose last page is in memory."""

GIN_ENTRIES = 10.0
"""Keys of one row in an inverted index, where the statistics do not tell."""


def table_writes(
    snapshot: Snapshot, statements: Sequence[PlannedStatement], gate: Gate | None = None
) -> Mapping[QualifiedName, TableWrites]:
    """Rows written to each table over the workload's calls.

    Rows of an UPDATE or DELETE, and of INSERT … SELECT, are the planner's estimate where there is a gate (else 1). The
    share of HOT updates is the server's counters'.
    """
    found: dict[QualifiedName, TableWrites] = {}
    for planned in statements:
        for write in planned.facts.writes:
            rows = planned.calls * (write.rows if write.rows is not None else _rows_per_call(planned, gate))
            before = found.get(write.table, TableWrites(write.table))
            found[write.table] = TableWrites(
                write.table,
                before.inserts + (rows if write.kind == "insert" else 0.0),
                before.updates + (rows if write.kind == "update" else 0.0),
                before.deletes + (rows if write.kind == "delete" else 0.0),
                before.hot_updates + (rows * _hot_share(snapshot, write.table) if write.kind == "update" else 0.0),
                before.updated_columns | (write.columns if write.kind == "update" else frozenset()),
            )
    return found


def write_cost(
    index: Index,
    table: Table,
    writes: TableWrites | None,
    *,
    tuples: float,
    pages: int,
    settings: Mapping[str, str] | None = None,
) -> float:
    """Planner units that the workload's writes pay for the index. ``tuples`` and ``pages`` are the index's own."""
    if writes is None:
        return 0.0
    share = min(1.0, tuples / table.rows) if index.predicate is not None and table.rows > 0 else 1.0
    columns = touched_columns(index)
    changes_key = not writes.updated_columns or bool(columns & writes.updated_columns)
    entries = writes.inserts + (writes.updates if changes_key else writes.updates - writes.hot_updates)
    cost = entries * share * _entry_cost(index, table, tuples, pages, settings or {})
    if changes_key and not _indexed(table, writes.updated_columns):
        # updates that were heap-only now write an entry into every other index of the table too
        cost += writes.hot_updates * len(table.indexes) * _entry_cost(index, table, table.rows, pages, settings or {})
    return cost


def touched_columns(index: Index) -> frozenset[str]:
    """Columns whose change makes a new entry (expressions and predicates: every column they may name)."""
    named = {key.column for key in index.keys if key.column is not None} | set(index.include)
    texts = [key.expression for key in index.keys if key.expression] + ([index.predicate] if index.predicate else [])
    words = {word.strip('"') for text in texts for word in _words(text)}
    return frozenset(named | words)


def _rows_per_call(planned: PlannedStatement, gate: Gate | None) -> float:
    if gate is None:
        return 1.0
    try:
        plans = gate.cost(planned).plans
    except PlanFailed:
        return 1.0
    estimates = [child.rows for plan in plans for child in plan.root.children] or [1.0]
    return max(1.0, sum(estimates) / len(estimates))


def _hot_share(snapshot: Snapshot, name: QualifiedName) -> float:
    table = snapshot.table(name)
    activity = table.activity if table is not None else None
    return activity.hot_updates / activity.updates if activity is not None and activity.updates > 0 else 0.5


def _indexed(table: Table, columns: frozenset[str]) -> bool:
    return any(touched_columns(index) & columns for index in table.indexes)


def _entry_cost(index: Index, table: Table, tuples: float, pages: int, settings: Mapping[str, str]) -> float:
    operator = _number(settings, "cpu_operator_cost", 0.0025)
    height = math.ceil(math.log(max(2.0, float(pages)), 250.0))
    search = (math.log2(max(2.0, tuples)) + DESCENT_OPERATORS * (height + 1)) * operator
    page = _number(settings, "random_page_cost", 4.0)
    entry = search + _number(settings, "cpu_index_tuple_cost", 0.005) + page * (_miss(index, table, pages, settings))
    if index.method == "gin":
        return entry * GIN_ENTRIES
    return entry / 100.0 if index.method == "brin" else entry


def _miss(index: Index, table: Table, pages: int, settings: Mapping[str, str]) -> float:
    """Page reads and writes for one entry."""
    first = table.column(index.keys[0].column or "")
    correlation = first.statistics.correlation if first is not None and first.statistics is not None else None
    if correlation is not None and correlation >= CLUSTERED_CORRELATION:
        return WRITE_BACK_SHARE / 10.0
    cached = _number(settings, "effective_cache_size", 524288.0)
    return max(0.0, 1.0 - cached / max(1.0, float(pages))) + WRITE_BACK_SHARE


def _number(settings: Mapping[str, str], name: str, default: float) -> float:
    """A cost, or a size in pages of 8 kB (settings carry their unit: ``4GB``, ``524288``)."""
    text = settings.get(name, "")
    units = {"8kB": 1.0, "kB": 1 / 8, "MB": 128.0, "GB": 131072.0, "TB": 134217728.0}
    for unit, factor in units.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    try:
        return float(text)
    except ValueError:
        return default


def _words(text: str) -> Sequence[str]:
    return "".join(c if c.isalnum() or c in '_"' else " " for c in text).split()
