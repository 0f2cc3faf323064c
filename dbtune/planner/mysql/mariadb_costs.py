"""Costs for plans of MariaDB before 11.0, whose EXPLAIN tells none: counted as its optimiser counts, in pages read.

A page costs 1, five rows looked at cost 1, a row fetched by a secondary index costs a page (less in a covering scan), a
lookup three scans of the table at most. Joins multiply by the rows before.

Source: ``sql/sql_select.cc`` (``best_access_path``), ``sql/handler.cc`` (``read_time``, ``keyread_time``), and
``TIME_FOR_COMPARE`` in ``sql/sql_const.h`` of MariaDB 10.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode

ROWS_A_PAGE_COST = 5.0
"""TIME_FOR_COMPARE."""
ENTRIES_A_PAGE = 200.0
"""Of an index, where nothing better is known."""
TEMPORARY_ROW = 0.05
"""HEAP_TEMPTABLE_LOOKUP_COST."""
USUAL_ROWS_A_PAGE = 50.0

Pages = Callable[[QualifiedName], float]
"""Pages of a table's rows."""


def with_mariadb_costs(plan: Plan, pages: Pages) -> Plan:
    """The plan, every node with its cost."""
    return Plan(_node(plan.root, pages), plan.settings, plan.execution_ms)


def _node(node: PlanNode, pages: Pages) -> PlanNode:
    children = tuple(_node(child, pages) for child in node.children)
    inputs = [child for child in children if child.parent_relationship not in ("SubPlan", "InitPlan", "Subquery")]
    if node.access is not None:
        return replace(node, children=children, total_cost=_access(node, pages))
    if node.type in ("Nested Loop", "Hash Join") and len(inputs) >= 2:
        return replace(node, children=children, total_cost=_join(node, inputs[0], inputs[1]))
    below = sum(child.total_cost for child in inputs)
    own = 0.0
    if node.type == "Sort":
        own = node.rows * math.log2(max(2.0, node.rows)) / (ROWS_A_PAGE_COST * 10)
    elif node.type == "Materialize":
        own = node.rows * TEMPORARY_ROW
    return replace(node, children=children, total_cost=below + own, startup_cost=below)


def _join(node: PlanNode, left: PlanNode, right: PlanNode) -> float:
    if node.strategy == "Block" or node.type == "Hash Join":
        pairs = left.rows * (right.examined_rows or right.rows)
        return left.total_cost + right.total_cost + pairs / ROWS_A_PAGE_COST
    return left.total_cost + max(1.0, left.rows) * right.total_cost


def _access(node: PlanNode, pages: Pages) -> float:
    """Of one loop."""
    rows = node.examined_rows if node.examined_rows is not None else node.rows
    compared = rows / ROWS_A_PAGE_COST
    if node.relation is None:
        return rows * TEMPORARY_ROW + compared
    if node.access in ("const", "system"):
        return 1.0
    scan = pages(node.relation)
    if node.access == "ALL":
        return scan + compared
    if node.type == "Index Only Scan":
        return math.ceil(rows / ENTRIES_A_PAGE) + compared
    if node.index == "PRIMARY" and node.access != "eq_ref":  # rows side by side
        return 1 + math.ceil(rows / USUAL_ROWS_A_PAGE) + compared
    if node.access in ("ref", "ref_or_null", "eq_ref"):
        return min(rows, max(1.0, 3 * scan)) + compared
    return rows + 1 + compared
