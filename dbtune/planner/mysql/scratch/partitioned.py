"""What-if partitions on the scratch server: its sample is put in ranges, and taken out of them at the end.

The server itself then says which partitions a statement reads, and with MySQL's statistics of each what that costs.
MariaDB takes rows of the sample where a table is in partitions (``set_statistics_for_table`` in
``sql/sql_statistics.cc``), which are multiplied to production's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from dbtune.connect.mysql import MySQLSession
from dbtune.ddl.mysql_alter import drop_foreign_key
from dbtune.ddl.mysql_partitions import partition_alter, unpartition_alter
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan, PlanNode
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.mysql.partitioned import spread
from dbtune.planner.mysql.scratch.rows import count
from dbtune.planner.protocol import Planner

SEARCHES = frozenset(
    {"const", "eq_ref", "ref", "ref_or_null", "range", "index_merge", "unique_subquery", "index_subquery"}
)
"""Accesses that go down an index, in each partition anew."""


ENOUGH_ROWS = 50
"""Of the sample for each partition, to tell how large it is within a seventh or so."""


def alters(before: Snapshot, after: Snapshot) -> Sequence[tuple[str, str, Table]]:
    """What puts each table in the partitions that it has in ``after``, what takes it out, and the table in them."""
    found = []
    for table in after.tables:
        old = before.table(table.name)
        new = table.mysql.partitioning if table.mysql is not None else None
        if old is not None and old.mysql is not None and old.mysql.partitioning is None and new is not None:
            found.append((partition_alter(old, new).sql, unpartition_alter(old, new).sql, table))
    return found


def foreign_keys(snapshot: Snapshot, table: Table) -> Iterable[str]:
    """Drops those of the table and to it: InnoDB has none where partitions are, and plans do without them."""
    for one in snapshot.tables:
        for key in one.foreign_keys:
            if one.name == table.name or key.referenced_table == table.name:
                yield drop_foreign_key(one.name, key.name).sql


def counted(session: MySQLSession, table: Table) -> Table:
    """The table with the sample's share in each partition where the server alone knows which values meet in one."""
    partitioning = table.mysql.partitioning if table.mysql is not None else None
    if partitioning is None or partitioning.method not in ("HASH", "KEY"):
        return table
    counts = [count(session, table, part.name) for part in partitioning.partitions]
    if sum(counts) < ENOUGH_ROWS * len(counts):
        return table
    return spread(table, [count / sum(counts) for count in counts])


def more_lookups(node: PlanNode, loops: float = 1.0) -> float:
    """What a search in the index of each partition costs beyond one in the first, below the node.

    Both servers price the rows of all partitions and one search. Another one is taken to cost as much as a row.
    """
    if node.type in ("Nested Loop", "Hash Join") and len(node.children) >= 2:
        left, right, *others = node.children
        times = loops * max(1.0, left.rows) if node.type == "Nested Loop" else loops
        return sum(more_lookups(one, loops) for one in (left, *others)) + more_lookups(right, times)
    own = 0.0
    if len(node.partitions) > 1 and node.access in SEARCHES:
        own = (len(node.partitions) - 1) * node.total_cost / max(1.0, node.examined_rows or node.rows)
    return loops * own + sum(more_lookups(child, loops) for child in node.children)


class PartitionedScratch:
    """The scratch planner while some of its tables are in partitions."""

    def __init__(self, planner: Planner, restore: Callable[[], None], *, exact: bool) -> None:
        self._planner = planner
        self._restore: Callable[[], None] | None = restore
        self._exact = exact

    @property
    def name(self) -> str:
        return self._planner.name

    @property
    def confidence(self) -> Confidence:
        return self._planner.confidence if self._exact else "estimated"

    @property
    def limits(self) -> tuple[Limit, ...]:
        return self._planner.limits

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """See ``Planner.plan``; with what looking into several partitions costs."""
        plan = self._planner.plan(instance, configuration)
        total = plan.root.total_cost + more_lookups(plan.root)
        return replace(plan, root=replace(plan.root, total_cost=total))

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """See ``Planner.prepare``."""
        return self._planner.prepare(candidates)

    def index_bytes(self, index: Index) -> int:
        """See ``Planner.index_bytes``."""
        return self._planner.index_bytes(index)

    def another(self) -> None:
        """None, as of the scratch planner."""

    @property
    def keeps_schema(self) -> str:
        """See ``Planner.keeps_schema``."""
        return "the tables are changed already"

    def changed(self, snapshot: Snapshot) -> None:
        """None: one change at a time."""

    def close(self) -> None:
        """Take the tables out of their partitions. May be called more than once."""
        if self._restore is not None:
            self._restore()
            self._restore = None
