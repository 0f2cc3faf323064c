"""What the readers share: the server's words for reading a table and joining it, in those of the Plan model.

Node types are the ones that Postgres uses for the same work, so that all that looks at plans looks at these too;
``access`` keeps the server's own word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dbtune.model.plan import PlanNode

TABLE_SCANS = frozenset({"ALL", "system", "hash_ALL"})
TEMPORARY_KEY = re.compile(r"<auto_\w+>|distinct_key|key\d+\Z")
"""Keys that the server makes on a temporary table: ``<auto_key0>`` (MySQL), ``key0`` (MariaDB)."""


def scan_type(access: str | None, *, covering: bool, stored: bool = True) -> str:
    """The node type for an access method; ``stored`` False: a temporary table of the server's own."""
    if not stored:
        return "Subquery Scan"
    if access is None or access in TABLE_SCANS:
        return "Seq Scan"
    if access == "index_merge":
        return "Bitmap Heap Scan"
    return "Index Only Scan" if covering else "Index Scan"


def merged(kind: str, indexes: Sequence[PlanNode]) -> PlanNode:
    """The node above several index scans of one table, whose row ids are put together (``union``, ``intersect``, …)."""
    type_ = "BitmapAnd" if "intersect" in kind else "BitmapOr"
    return PlanNode(
        type_,
        0.0,
        sum(node.total_cost for node in indexes),
        0.0,
        strategy=kind,
        children=tuple(replace(node, parent_relationship="Member") for node in indexes),
    )


def index_range(name: str, columns: tuple[str, ...] = ()) -> PlanNode:
    """One of the scans that an index_merge puts together."""
    return PlanNode("Bitmap Index Scan", 0.0, 0.0, 0.0, index=name, access="range", key_columns=columns)


def merged_by_name(key: str) -> PlanNode | None:
    """The nodes of ``sort_union(a,intersect(b,c))``; None for the name of one index."""
    tokens = re.findall(r"[^(),]+|[(),]", key)
    if "(" not in tokens:
        return None
    position = 0

    def parsed() -> PlanNode:
        nonlocal position
        name = tokens[position].strip()
        position += 1
        if position >= len(tokens) or tokens[position] != "(":
            return index_range(name)
        inner: list[PlanNode] = []
        while position < len(tokens) and tokens[position] != ")":
            position += 1
            inner.append(parsed())
        position += 1
        return merged(name, inner)

    return parsed()


def above(type_: str, child: PlanNode, *, cost: float = 0.0, strategy: str | None = None, **more: object) -> PlanNode:
    """A node of one input that reads all of it: its cost comes on top of the input's."""
    node = PlanNode(type_, child.total_cost, child.total_cost + cost, child.rows, strategy=strategy, children=(child,))
    return replace(node, **more)  # type: ignore[arg-type]


def under(child: PlanNode, relationship: str, name: str | None = None) -> PlanNode:
    """The node as an input that has a role."""
    return replace(child, parent_relationship=relationship, subplan_name=name or child.subplan_name)


def joined(
    left: PlanNode,
    right: PlanNode,
    *,
    type_: str = "Nested Loop",
    total_cost: float,
    rows: float,
    join_type: str | None = None,
    strategy: str | None = None,
) -> PlanNode:
    """A join of what came before with one more table."""
    return PlanNode(
        type_,
        left.startup_cost,
        total_cost,
        rows,
        join_type=join_type,
        strategy=strategy,
        children=(under(left, "Outer"), under(right, "Inner")),
    )
