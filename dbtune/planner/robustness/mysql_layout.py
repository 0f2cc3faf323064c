"""Plans of MySQL and MariaDB laid out as those of Postgres are, by which the recosting takes a plan apart.

What differs is where EXPLAIN puts things: names stand in backticks with their database before them, a lookup has
columns in place of a condition, a hash join's inner side the cost of a product, and LIMIT no node. Costs are multiplied
so that a row of a scan costs what it costs in Postgres: the recosting's constants only weigh a node's parts.

What the optimiser knows of a condition differs as well. It counts the entries of an index between two values (index
dives), and has histograms where somebody made them; of any other column it guesses (a tenth of the rows for ``=``).
Source: ``sql/opt_costconstants.h``, ``sql/item_cmpfunc.cc`` (``get_filtering_effect``) of MySQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbtune.ddl.mysql_quoting import unquoted
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.robustness.sizes import CPU_TUPLE, Sizes
from dbtune.planner.robustness.tree import conjuncts

_STRING = r"'(?:[^'\\]|\\.|'')*'"
_NAME = r"(`(?:[^`]|``)+`|[A-Za-z_][\w$]*)"
_COLUMN = re.compile(rf"{_STRING}|(?:{_NAME}\.)?{_NAME}\.{_NAME}")
_WORD = re.compile(rf"{_STRING}|\b(?:and|or|not|in)\b")
_QUOTED = re.compile(r'"((?:[^"]|"")+)"\."((?:[^"]|"")+)"')
_INTERVAL = re.compile(r"[-+] interval \S+ \w+")

_HASHING = 0.5
"""Of what a hash join adds to its outer side: the part that is reading and hashing its inner side."""
_PART = 0.9
"""Of a table's rows: an index in order of which fewer are read is read until LIMIT has enough."""
_INPUTS = frozenset({"InitPlan", "SubPlan"})

Columns = frozenset[tuple[QualifiedName, str]]


@dataclass(frozen=True)
class Layout:
    """Of one server."""

    prices: RowPrices
    sizes: Sizes
    counted: Columns
    """Columns whose values the optimiser knows: by an index that begins with them, or a histogram."""

    @classmethod
    def of(cls, snapshot: Snapshot, sizes: Sizes) -> Layout:
        counted = {(table.name, column) for table in snapshot.tables for column in _counted(table)}
        return cls(RowPrices.of(snapshot), sizes, frozenset(counted))

    def pair(self, old: Plan, new: Plan) -> tuple[Plan, Plan]:
        """Both plans of a statement: what an index of one of them tells is known of the other, too."""
        counted = self.counted | frozenset(_dived(old)) | frozenset(_dived(new))
        return self._plan(old, counted), self._plan(new, counted)

    def _plan(self, plan: Plan, counted: Columns) -> Plan:
        tables = {node.alias: node.relation for node in plan.root.walk() if node.alias and node.relation}
        writer = _Writer(self, counted, tables)
        return replace(plan, root=writer.node(plan.root))


@dataclass(frozen=True)
class _Writer:
    """Of one plan. ``tables``: by alias."""

    layout: Layout
    counted: Columns
    tables: Mapping[str, QualifiedName]

    def node(self, source: PlanNode) -> PlanNode:
        children = tuple(self.node(child) for child in source.children)
        node = replace(
            source,
            total_cost=source.total_cost * CPU_TUPLE / self.layout.prices.scanned,
            children=children,
            filter=self._condition(source.filter),
            index_condition=self._index_condition(source),
        )
        if node.type in ("Nested Loop", "Hash Join") and len(_inputs(node)) >= 2:
            return _join(node)
        if node.type == "Subquery Scan" and any(child.type == "Materialize" for child in children):
            return replace(node, type="Materialize")
        return self._until_limit(node)

    def _condition(self, text: str | None) -> str | None:
        if text is None:
            return None
        return " AND ".join(f"({self._with_doubt(part)})" for part in conjuncts(_readable(text)))

    def _with_doubt(self, condition: str) -> str:
        """A condition on a column that nothing is known of, as a function's, which is a guess on Postgres."""
        names = [(name.replace('""', '"'), column.replace('""', '"')) for name, column in _QUOTED.findall(condition)]
        known = all((self.tables.get(alias), column) in self.counted for alias, column in names)
        return condition if known else f"guessed({condition})"

    def _index_condition(self, node: PlanNode) -> str | None:
        if node.access is None or not node.key_columns or node.access == "index":
            return self._condition(node.index_condition)
        alias = _quoted(node.alias or "")
        if node.references:
            pairs = zip(node.key_columns, node.references, strict=False)
            return " AND ".join(f"({alias}.{_quoted(column)} = {_reference(by)})" for column, by in pairs)
        # entries that were counted are one estimate, however many columns bound them
        return f"({alias}.{_quoted(node.key_columns[0])} = '')"

    def _until_limit(self, node: PlanNode) -> PlanNode:
        """An index that is read in its order until there are rows enough: LIMIT above a read of the whole."""
        size = self.layout.sizes.of_node(node)
        read = node.examined_rows
        if node.access != "index" or size is None or not read or read > _PART * size.rows:
            return node
        times = size.rows / read
        whole = replace(node, total_cost=node.total_cost * times, rows=node.rows * times)
        return PlanNode("Limit", 0.0, node.total_cost, node.rows, children=(whole,))


def _join(node: PlanNode) -> PlanNode:
    left, right = _inputs(node)[:2]
    unique = right.access in ("eq_ref", "const")
    if node.type == "Hash Join":
        added = max(0.0, node.total_cost - left.total_cost)
        right = replace(right, total_cost=min(right.total_cost, added * _HASHING))
    others = tuple(child for child in node.children if child.parent_relationship in _INPUTS)
    return replace(node, children=(left, right, *others), inner_unique=unique)


def _inputs(node: PlanNode) -> tuple[PlanNode, ...]:
    return tuple(child for child in node.children if child.parent_relationship not in _INPUTS)


def _counted(table: Table) -> Iterator[str]:
    for index in table.indexes:
        if index.keys and index.keys[0].column is not None and index.method == "btree":
            yield index.keys[0].column
    for column in table.columns:
        if column.statistics is not None:
            yield column.name


def _dived(plan: Plan) -> Iterator[tuple[QualifiedName, str]]:
    """Columns of index accesses that are bounded by constants, whose entries are counted."""
    for node in plan.root.walk():
        is_bounded = node.access == "range" or (node.access == "ref" and set(node.references) == {"const"})
        if node.relation is not None and is_bounded:
            yield from ((node.relation, column) for column in node.key_columns)


def _readable(text: str) -> str:
    """A condition as EXPLAIN of Postgres writes it: names in double quotes without the database, words in capitals."""

    def column(match: re.Match[str]) -> str:
        if match[3] is None:
            return match[0]
        return f"{_quoted(unquoted(match[2]))}.{_quoted(unquoted(match[3]))}"

    def word(match: re.Match[str]) -> str:
        return match[0] if match[0].startswith("'") else match[0].upper()

    text = _COLUMN.sub(column, text.replace("<cache>", ""))
    return _INTERVAL.sub("", _WORD.sub(word, text)).replace(" like ", " ~~ ")


def _reference(by: str) -> str:
    """``const``, ``func`` or ``database.alias.column``."""
    parts = by.rsplit(".", 2)
    return "''" if len(parts) < 2 else f"{_quoted(parts[-2])}.{_quoted(parts[-1])}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
