"""What plans take where the costs in EXPLAIN are not those of the plan.

The optimiser sets costs while it chooses the order of a join. What it decides later leaves them as they were:

- An index read in order in place of a sort shows the cost of a scan of the whole table, whether it reads ten rows (with
  LIMIT) or all of them, each by way of the index.
- LIMIT lowers no cost at all, though reading ends with the last row that is wanted.
- MySQL: A hash join shows the cost of the nested loop over blocks that it took the place of: the product of both sides.
  Where nothing tells how many partners a row has, it shows that product as rows, too.
- MySQL: Grouping in a temporary table shows a sort of all rows, where only the groups are sorted.

So dbtune works these out anew, in the optimiser's own constants, from the rows that EXPLAIN tells. Which plan is taken
stays the optimiser's choice. Tried on MySQL 9.7 and MariaDB 11.8; ``test_if_skip_sort_order`` in
``sql/sql_optimizer.cc``, ``sql/sql_planner.cc``, ``sql/iterators/hash_join_iterator.h``.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace

from dbtune.connect.mysql_abilities import Family
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.prices import RowPrices
from dbtune.sql.lexing import tokens

HASHED_ROW = 2.0
"""A row put into the hash table of a join, or looked up there, in rows compared."""
GROUPED_ROW = 1.0
"""A row that is counted in with its group in a temporary table (``memory_temptable_row_cost``), in rows compared."""

_AGGREGATES = frozenset("count sum avg min max group_concat json_arrayagg json_objectagg bit_and bit_or".split())
_EQUALITY = re.compile(r"`(\w+)`\.`\w+`\)? = \(?(?:`\w+`\.)?`(\w+)`\.`\w+`")
_STREAMING = frozenset({"Nested Loop", "Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Heap Scan"})
_BESIDE = ("SubPlan", "InitPlan")
_ONCE = (*_BESIDE, "Subquery")
"""Inputs whose costs are not in the node's (``totals.py`` adds them)."""


def with_worked_costs(plan: Plan, sql: str, prices: RowPrices, family: Family) -> Plan:
    """The plan of the statement with costs that are its own."""
    root, _ = _Worker(prices, family).node(plan.root)
    wanted = limit_of(sql)
    if wanted is not None and _streams(root) and root.rows > wanted:
        part = max(prices.lookup, root.total_cost * wanted / root.rows)
        root = replace(root, total_cost=min(root.total_cost, part), rows=wanted)
    return replace(plan, root=root)


def limit_of(sql: str) -> float | None:
    """Rows after which a SELECT ends, those that OFFSET leaves out among them; None without LIMIT, or where all rows
    are needed to make the first one."""
    depth, at, words = 0, None, []
    for token in tokens(sql, "mysql"):
        depth += (token.spelling == "(") - (token.spelling == ")")
        if depth == 0:
            words.append(token.word or token.spelling)
            if token.word == "limit":
                at = len(words)
    if at is None or words[0] != "select" or "union" in words or _AGGREGATES & set(words):
        return None
    numbers = [float(word) for word in words[at : at + 3] if word.isdigit()]
    return sum(numbers) if numbers else None


def _streams(root: PlanNode) -> bool:
    """Whether rows come out before all are read."""
    return root.type in _STREAMING and all(
        _streams(child) for child in root.children if child.parent_relationship not in _ONCE
    )


class _Worker:
    """Works out a node's cost, and by what its rows are multiplied."""

    def __init__(self, prices: RowPrices, family: Family) -> None:
        self._prices = prices
        self._of_mysql = family == "mysql"

    def node(self, node: PlanNode) -> tuple[PlanNode, float]:
        pairs = [self.node(child) for child in node.children]
        children = tuple(child for child, _ in pairs)
        if node.type in ("Nested Loop", "Hash Join") and len(children) >= 2:
            return self._join(node, children, pairs[0][1] * pairs[1][1])
        factor = math.prod(of_child for child, of_child in pairs if child.parent_relationship not in _BESIDE)
        own = (node.total_cost - _inputs_cost(node)) * factor
        if self._of_mysql and _groups_in_table(node):
            own = self._grouping(node.type, own, children)
        below = sum(child.total_cost for child in children if child.parent_relationship not in _ONCE)
        examined = None if node.examined_rows is None else node.examined_rows * factor
        node = replace(
            node,
            children=children,
            total_cost=max(0.0, below + own) if children else node.total_cost,
            rows=node.rows * factor,
            examined_rows=examined,
        )
        return self._ordered(node), factor

    def _ordered(self, node: PlanNode) -> PlanNode:
        """A table read by the order of an index."""
        if node.access != "index" or node.relation is None or node.examined_rows is None:
            return node
        is_whole = node.type == "Index Only Scan" or node.index == "PRIMARY"
        price = self._prices.entry if is_whole else self._prices.row
        return replace(node, total_cost=self._prices.lookup + node.examined_rows * price)

    def _grouping(self, type_: str, own: float, children: tuple[PlanNode, ...]) -> float:
        """Cost of the node alone: rows put to their groups; the sort of the groups, shown as one of all rows, is all
        but free."""
        rows = next((child.rows for child in children if child.parent_relationship not in _ONCE), 0.0)
        return max(0.0, own - rows) if type_ == "Sort" else own + rows * GROUPED_ROW * self._prices.scanned

    def _join(self, node: PlanNode, children: tuple[PlanNode, ...], factor: float) -> tuple[PlanNode, float]:
        old_left, old_right = node.children[:2]
        left, right = children[:2]
        added = max(0.0, node.total_cost - old_left.total_cost)
        if node.type == "Hash Join" and self._of_mysql:
            read = right.examined_rows or right.rows
            if _equates(node, right):
                most = max(left.rows, read)  # no statistics tell of the partners: those along a key
                factor *= min(1.0, most / max(1.0, node.rows * factor))
                hashed = (left.rows + read) * HASHED_ROW + node.rows * factor
                added = min(added, (read * 1.1 + hashed) * self._prices.scanned)
        else:
            loops = max(1.0, old_left.rows)
            added = max(0.0, added + (right.total_cost - old_right.total_cost) * loops)
            added *= left.rows / old_left.rows if old_left.rows > 0 else 1.0
        examined = left.examined_rows
        if left.access == "index" and examined is not None and examined < left.rows:  # LIMIT ends it there
            share = examined / left.rows
            left, added, factor = replace(left, rows=examined), added * share, factor * share
        children = (left, right, *children[2:])
        joined = replace(node, children=children, total_cost=left.total_cost + added, rows=node.rows * factor)
        return joined, factor


def _groups_in_table(node: PlanNode) -> bool:
    if node.type in ("Aggregate", "Unique"):
        return node.strategy == "Temporary table"
    below = node.children[0] if node.type == "Sort" and node.children else None
    return below is not None and _groups_in_table(below)


def _inputs_cost(node: PlanNode) -> float:
    return sum(child.total_cost for child in node.children if child.parent_relationship not in _ONCE)


def _equates(join: PlanNode, inner: PlanNode) -> bool:
    """Whether the join compares columns of both sides for equality, so that hashing finds the partners."""
    text = inner.filter or join.join_condition or join.filter or ""
    return any({one, other} != {inner.alias} and inner.alias in (one, other) for one, other in _EQUALITY.findall(text))
