"""How many rows a plan reads by going over whole tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.snapshot import Snapshot

KEEPS_ROWS = ("Materialize", "Memoize")
"""Nodes below which a scan runs once however often they are asked."""

WHOLE_INDEX = "index"
"""How MySQL and MariaDB call it where an index is read from one end to the other."""

TAKES_ALL = ("Sort", "Incremental Sort", "Aggregate", "Hash", "WindowAgg", "SetOp", "Materialize")
"""Nodes that read all of their input, whatever LIMIT stands above them."""


@dataclass(frozen=True)
class Read:
    """A table that is read from one end to the other; of a partitioned one, all its partitions together."""

    table: QualifiedName
    rows: float
    """Of one execution of the query, all scans counted."""
    loops: float
    """How often it is gone over."""
    how: str
    """The node's type."""


def rows_read(plan: Plan, snapshot: Snapshot) -> tuple[Read, ...]:
    """Each table that the plan goes over; rows are those of the snapshot's statistics."""
    found: dict[QualifiedName, Read] = {}
    for read in _scans(plan.root, snapshot, 1.0, 1.0):
        known = found.get(read.table)
        found[read.table] = read if known is None else replace(known, rows=known.rows + read.rows)
    return tuple(found.values())


def _scans(node: PlanNode, snapshot: Snapshot, loops: float, share: float) -> Iterator[Read]:
    """``loops``: how often the node runs; ``share``: of its output that is wanted before a LIMIT ends it."""
    if node.relation is not None and (node.type == "Seq Scan" or node.access == WHOLE_INDEX):
        table = snapshot.table(node.relation)
        if table is not None:
            how = "sequential scan" if node.type == "Seq Scan" else "scan of a whole index"
            yield Read(_top(node.relation, snapshot), table.rows * loops * share, loops, how)
    if node.type in TAKES_ALL:
        share = 1.0
    if node.type in KEEPS_ROWS:
        loops = 1.0
    for child in node.children:
        below = share
        if node.type == "Limit" and child.total_cost > 0:
            below = share * min(1.0, node.total_cost / child.total_cost)
        yield from _scans(child, snapshot, loops * _runs(node, child), below)


def _runs(node: PlanNode, child: PlanNode) -> float:
    """How often a child runs for one run of its parent."""
    if child.parent_relationship == "InitPlan":
        return 1.0
    if child.parent_relationship == "SubPlan":
        return max(1.0, node.rows)
    if node.type == "Nested Loop" and child.parent_relationship == "Inner":
        return max(1.0, node.children[0].rows)
    return 1.0


def _top(name: QualifiedName, snapshot: Snapshot) -> QualifiedName:
    """The partitioned table that a partition belongs to, at the top; the table itself where it is none."""
    table = snapshot.table(name)
    while table is not None and table.is_partition and table.parents:
        name = table.parents[0]
        table = snapshot.table(name)
    return name
