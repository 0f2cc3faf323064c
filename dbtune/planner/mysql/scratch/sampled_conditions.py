"""What the sample tells of conditions that the optimiser only guesses: a tenth of the rows for an equality.

Two guesses cost dearly. An index that is read in order until LIMIT has what it wants is believed to be done after some
rows, where those that fit stand at its end. And a DELETE that finds ten rows is believed to write a tenth of the table.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_indexes import key_expression
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.schema import Index
from dbtune.planner.mysql.conditions import bounding_text
from dbtune.planner.mysql.constant_conditions import Comparisons
from dbtune.planner.mysql.scratch.figures import SampledTable
from dbtune.planner.mysql.worked import limit_of

_NOT_SQL = re.compile(r"/\* select#|<(?!cache>)\w+>|\bselect\b", re.IGNORECASE)
"""What EXPLAIN writes of subqueries and of its own functions."""

_DESCENDS = re.compile(r"\border\s+by\b.*\bdesc\b", re.IGNORECASE | re.DOTALL)

NONE_SEEN = 0.5
"""Rows of a sample that none of fits: so many may be taken for it."""

FEW = 4
"""Rows of a sample: where the place of one row alone may be many times too near, that of so many seldom is."""

Existing = Callable[[QualifiedName, str], Index | None]


class SampledConditions:
    """Puts right what plans say of conditions, where production's own rows are on the scratch server."""

    def __init__(self, session: MySQLSession, tables: Mapping[QualifiedName, SampledTable], index: Existing) -> None:
        """``index``: of a table, by name."""
        self._session = session
        self._tables = tables
        self._index = index
        self._descends = False
        """Whether the statement in hand wants an order that descends."""
        self._part = 0.0
        """Of the rows that the statement in hand makes by EXPLAIN, the part that its LIMIT wants; 0 without LIMIT. More
        than all, since EXPLAIN tells how many are left of those that are read until then, by its own guess."""
        self._known: dict[str, float | None] = {}
        self._known_numbers: dict[str, Mapping[int, float] | None] = {}
        self._has_windows = session.version.has(MySQLAbility.WINDOW_FUNCTIONS)

    def corrected(self, plan: Plan, sql: str, comparisons: Comparisons) -> Plan:
        """The statement's plan with the rows that are read until enough are found, and those that are written.

        ``comparisons``: the statement's, as the server writes them.
        """
        self._descends = _DESCENDS.search(sql) is not None
        limit = limit_of(sql)
        self._part = 0.0 if limit is None else limit / max(_rows_made(plan.root), NONE_SEEN)
        root = self._node(plan.root, written=False)
        if limit is not None and root.access in ("range", "ref") and not root.children and root.rows > limit:
            root = self._range_in_order(root, limit, comparisons)
        return replace(plan, root=root)

    def spread(self, node: PlanNode, sampled: SampledTable) -> float | None:
        """Rows of the sample in a range over several columns, were these independent of one another."""
        index = self._index(sampled.table.name, node.index) if node.index is not None else None
        text = _condition(node)
        if index is None or len(index.keys) < 2 or not sampled.drawn or not sampled.sampled or _NOT_SQL.search(text):
            return None
        shares = []
        for key in index.keys:
            bounds = bounding_text(text, node.alias or sampled.table.name.name, key.column)
            if bounds is None:
                break
            fitting = self._ask(f"SELECT COUNT(*) AS n FROM {_from(node, sampled)} WHERE {bounds}")
            if fitting is None:
                return None
            shares.append(max(NONE_SEEN, fitting) / sampled.sampled)
        return sampled.sampled * math.prod(shares) if len(shares) > 1 else None

    def _node(self, node: PlanNode, *, written: bool) -> PlanNode:
        below = written or node.type == "ModifyTable"
        node = replace(node, children=tuple(self._node(child, written=below) for child in node.children))
        sampled = self._tables.get(node.relation) if node.relation is not None else None
        if sampled is None or not sampled.drawn or node.filter is None or _NOT_SQL.search(node.filter):
            return node
        if node.access == "index" and node.index is not None:
            return self._read_in_order(node, sampled, node.index)
        if written and node.access in ("ALL", "index") and node.type != "ModifyTable":
            share = self._ask(f"SELECT COALESCE(SUM({_condition(node)}), 0) AS n FROM {_from(node, sampled)}")
            if share is not None:
                return replace(node, rows=sampled.rows * max(NONE_SEEN, share) / max(1, sampled.sampled))
        return node

    def _read_in_order(self, node: PlanNode, sampled: SampledTable, name: str) -> PlanNode:
        """By the place in the sample, in the index's order, of the last row that is wanted."""
        examined = node.examined_rows
        index = self._index(sampled.table.name, name)
        if examined is None or examined >= sampled.rows / 2 or index is None or not self._has_windows:
            return node
        wanted = node.rows * self._part if self._part else min(node.rows, examined)
        read = self._read(node, sampled, index, wanted, "1 = 1")
        return node if read is None else replace(node, examined_rows=max(examined, read))

    def _range_in_order(self, node: PlanNode, limit: float, comparisons: Comparisons) -> PlanNode:
        """A range or lookup that LIMIT ends: the rows that fit, as if they were spread evenly over it."""
        sampled = self._tables.get(node.relation) if node.relation is not None else None
        index = self._index(sampled.table.name, node.index) if sampled is not None and node.index is not None else None
        examined = node.examined_rows
        if sampled is None or not sampled.drawn or index is None or examined is None or not self._has_windows:
            return node
        if _NOT_SQL.search(_condition(node)):
            return node
        bounds = _bounds(node, index, comparisons)
        read = None if bounds is None else self._read(node, sampled, index, limit, bounds)
        if read is None:
            return node
        return replace(node, rows=max(limit, examined * limit / max(limit, min(read, examined))))

    def _read(self, node: PlanNode, sampled: SampledTable, index: Index, wanted: float, bounds: str) -> float | None:
        """Rows of production's that are read, from the beginning of the range on, until so many fit.

        By the places of the sample's rows that fit. Where fewer than FEW are wanted, their places say little, and it is
        the more of what these say and of what FEW would; where the sample has fewer, all of them and the range's end.
        """
        # MariaDB does not say that it reads backwards
        backward = (node.strategy is not None and "Backward" in node.strategy) or self._descends
        order = ", ".join(f"{key_expression(k)}{' DESC' if k.descending != backward else ''}" for k in index.keys)

        place = wanted / sampled.scale
        lower, upper = math.floor(place), max(1, math.ceil(place))
        numbers = self._numbers(
            f"SELECT place, n FROM (SELECT n, ROW_NUMBER() OVER (ORDER BY n) AS place FROM"
            f" (SELECT ROW_NUMBER() OVER (ORDER BY {order}) AS n, {_condition(node)} AS fits"
            f" FROM {_from(node, sampled)} WHERE {bounds}) AS numbered WHERE fits) AS found"
            f" WHERE place IN ({lower}, {upper}, {FEW})"
        )
        if numbers is None:
            return None
        before, behind = numbers.get(lower, 0.0), numbers.get(upper, 0.0)
        few = numbers.get(FEW, 0.0) if place < FEW else 0.0
        if not behind:  # where not that many fit, it is read to its end
            return sampled.rows
        found = before + (behind - before) * (place - lower)
        fitting = float(FEW)
        if place < FEW and not few:
            source = f"FROM {_from(node, sampled)} WHERE {bounds}"
            few = self._ask(f"SELECT COUNT(*) AS n {source}") or 0.0
            fitting = self._ask(f"SELECT COUNT(*) AS n {source} AND {_condition(node)}") or fitting
        return min(sampled.rows, max(found, few * place / fitting) * sampled.scale)

    def _numbers(self, query: str) -> Mapping[int, float] | None:
        """``n`` by ``place``; None where the server does not take the condition."""
        if query not in self._known_numbers:
            try:
                rows = self._session.rows(query)
                self._known_numbers[query] = {int(row["place"]): float(row["n"]) for row in rows}
            except MySQLError:
                self._known_numbers[query] = None
        return self._known_numbers[query]

    def _ask(self, query: str) -> float | None:
        """The number; None where the server does not take the condition, since it names other tables."""
        if query not in self._known:
            try:
                self._known[query] = float(self._session.rows(query)[0]["n"])
            except MySQLError:
                self._known[query] = None
        return self._known[query]


def _bounds(node: PlanNode, index: Index, comparisons: Comparisons) -> str | None:
    """The part of the index that is read; None where the server does not show it."""
    alias = node.alias or index.table.name
    if node.access == "range":
        return bounding_text(_condition(node), alias, index.keys[0].column)
    columns = [key.column or "" for key in index.keys[: max(1, len(node.key_columns))]]
    found = [part for column in columns for part in comparisons.get((alias, column), ())]
    return " AND ".join(f"({part})" for part in found) or None


def _rows_made(root: PlanNode) -> float:
    """By the joins and scans, before they are sorted or cut."""
    while root.type in ("Limit", "Sort") and root.children:
        root = root.children[0]
    return root.rows


def _condition(node: PlanNode) -> str:
    parts = [part.replace("<cache>", "") for part in (node.filter, node.index_condition) if part]
    return f"({' AND '.join(f'({part})' for part in parts)})" if parts else "(1 = 1)"


def _from(node: PlanNode, sampled: SampledTable) -> str:
    name = sampled.table.name
    return f"{qualified(name)} AS {identifier(node.alias or name.name)}"
