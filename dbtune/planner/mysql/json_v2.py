"""Reads ``EXPLAIN FORMAT=JSON`` of MySQL 8.3 and later in version 2, with or without ANALYZE: the tree of iterators.

Costs are per loop and hold those of a node's inputs, materialised subqueries among them, dependent ones not.
Source: MySQL manual, "Obtaining Execution Plan Information"; members in ``sql/join_optimizer/explain_access_path.cc``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.nodes import under
from dbtune.planner.mysql.operations import read_operation
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.values import JsonObject, decode, many, number, one, text, texts

_SUBQUERY = re.compile(r"Select #(?P<number>\d+) \((?P<where>.*)\)")
_JOINS = frozenset({"Nested Loop", "Hash Join"})
_BITMAPS = frozenset({"BitmapOr", "BitmapAnd"})
_UNNAMED = frozenset({"<temporary>", "<union temporary>", "<intersect temporary>", "<except temporary>"})
_FILLING = frozenset({"Aggregate", "Materialize", "Append"})


def read_json_v2(explain: str | bytes | JsonObject, relations: Relations) -> Plan:
    """The plan. Raises PlanFailed where it is another format or holds no plan."""
    document = decode(explain) if isinstance(explain, str | bytes) else explain
    root = one(document.get("query_plan"))
    if root is None and "operation" in document:  # 8.1 and 8.2 have no object around it
        root = document
    if root is None:
        raise PlanFailed("the server's EXPLAIN output holds no query plan")
    return plan_of_iterators(root, relations)


def plan_of_iterators(root: JsonObject, relations: Relations) -> Plan:
    """The plan of a tree of objects with ``operation``, ``inputs``, ``heading`` and the numbers of version 2."""
    node = _node(root, relations)
    executed = None
    if node.actual_ms is not None:
        executed = node.actual_ms * (node.actual_loops or 1.0)
    return Plan(node, execution_ms=executed)


def _node(source: JsonObject, relations: Relations) -> PlanNode:
    if "<not executable" in (text(source.get("operation")) or ""):
        raise PlanFailed("this form of EXPLAIN does not know the statement: ask for FORMAT=JSON of version 1")
    node = _with_members(read_operation(text(source.get("operation")) or "", relations), source)
    inputs = [
        (_SUBQUERY.match(text(child.get("heading")) or ""), _node(child, relations))
        for child in many(source.get("inputs"))
    ]
    plain = [child for subquery, child in inputs if subquery is None]
    beside = [_subplan(subquery, child) for subquery, child in inputs if subquery is not None]
    for child in many(source.get("inputs_from_select_list")):
        found = _SUBQUERY.match(text(child.get("heading")) or "")
        beside.append(_subplan(found, _node(child, relations)))
    if node.type == "Filter":
        return _filtered(node, plain, beside)
    if node.type in _BITMAPS:
        return _merged(node, plain)
    if node.alias in _UNNAMED and len(plain) == 1 and plain[0].type in _FILLING:
        return _read_back(node, plain[0], beside)
    if node.relation is not None and node.access is not None and plain:  # a derived table goes by its alias
        node = replace(node, type="Subquery Scan", relation=None, index=None)
    roles = ("Outer", "Inner") if node.type in _JOINS else ("Outer",)
    if node.type in ("Append", "ModifyTable"):
        roles = ("Member",)
    if node.type == "Subquery Scan":
        roles = ("Subquery",)
    children = [under(child, roles[min(place, len(roles) - 1)]) for place, child in enumerate(plain)]
    if node.total_cost == 0.0 and node.rows == 0.0 and plain and source.get("estimated_total_cost") is None:
        # iterators that were put on top after costing say nothing of themselves
        first = plain[0]
        node = replace(
            node, startup_cost=first.startup_cost, total_cost=sum(c.total_cost for c in plain), rows=first.rows
        )
    return replace(node, children=(*node.children, *children, *beside))


def _with_members(node: PlanNode, source: JsonObject) -> PlanNode:
    total = number(source.get("estimated_total_cost")) or 0.0
    never = 0.0 if "actual_rows" in source and source["actual_rows"] is None else None
    rows = number(source.get("estimated_rows")) or 0.0
    actual = number(source.get("actual_rows"))
    node = replace(
        node,
        startup_cost=0.0 if rows <= 1 else (number(source.get("estimated_first_row_cost")) or 0.0),
        total_cost=total,
        rows=rows,
        actual_rows=never if actual is None else actual,
        actual_loops=never if actual is None else number(source.get("actual_loops")),
        actual_ms=number(source.get("actual_last_row_ms")),
    )
    if node.relation is None and node.type not in ("ModifyTable",):
        return node
    schema, table = text(source.get("schema_name")), text(source.get("table_name"))
    relation = QualifiedName(schema, table) if schema and table and node.relation is not None else node.relation
    condition = text(source.get("pushed_index_condition"))
    is_scan = node.access is not None
    return replace(
        node,
        relation=relation,
        alias=text(source.get("alias")) or node.alias,
        key_columns=texts(source.get("key_columns")),
        output=texts(source.get("used_columns")),
        index_condition=condition or node.index_condition,
        recheck_condition=_lookup(source) or node.recheck_condition,
        examined_rows=rows if is_scan else None,
        actual_examined_rows=node.actual_rows if is_scan else None,
    )


def _lookup(source: JsonObject) -> str | None:
    """What the index is searched for: ``lookup_condition`` or ``ranges``."""
    condition = text(source.get("lookup_condition"))
    return f"({condition})" if condition is not None else " OR ".join(texts(source.get("ranges"))) or None


def _filtered(node: PlanNode, plain: Sequence[PlanNode], beside: Sequence[PlanNode]) -> PlanNode:
    """The filter's input, with the condition, and with what the filter's cost and rows are."""
    if not plain:
        return replace(node, type="Result", children=tuple(beside))
    inner = plain[0]
    return replace(
        inner,
        filter=node.filter if inner.filter is None else f"({node.filter} and {inner.filter})",
        total_cost=node.total_cost or inner.total_cost,
        rows=node.rows if node.total_cost else inner.rows,
        actual_rows=node.actual_rows,
        actual_loops=node.actual_loops,
        actual_ms=node.actual_ms,
        children=(*inner.children, *beside),
    )


def _read_back(scan: PlanNode, filled: PlanNode, beside: Sequence[PlanNode]) -> PlanNode:
    """A temporary table of the operation's own and the scan of it are one node, as other formats have it."""
    return replace(
        filled,
        startup_cost=max(filled.startup_cost, scan.startup_cost),
        total_cost=max(filled.total_cost, scan.total_cost),
        rows=scan.rows if scan.total_cost else filled.rows,
        actual_rows=scan.actual_rows,
        actual_loops=scan.actual_loops,
        actual_ms=scan.actual_ms,
        children=(*filled.children, *beside),
    )


def _merged(node: PlanNode, plain: Sequence[PlanNode]) -> PlanNode:
    """Scans of several indexes put together by row id: the table is that of the scans."""
    inner = [
        child if child.type in ("BitmapOr", "BitmapAnd") else replace(child, type="Bitmap Index Scan")
        for child in plain
    ]
    inner = [
        child.children[0] if child.type == "Bitmap Heap Scan" and child.children else under(child, "Member")
        for child in inner
    ]
    table = next((leaf for child in plain for leaf in child.walk() if leaf.relation is not None), None)
    bitmap = replace(node, children=tuple(under(child, "Member") for child in inner), parent_relationship="Outer")
    return replace(
        node,
        type="Bitmap Heap Scan",
        strategy=None,
        access="index_merge",
        relation=None if table is None else table.relation,
        alias=None if table is None else table.alias,
        examined_rows=node.rows,
        children=(bitmap,),
    )


def _subplan(found: re.Match[str] | None, child: PlanNode) -> PlanNode:
    if found is None:
        return under(child, "SubPlan")
    dependent = "; dependent" in found["where"] or found["where"].startswith("dependent")
    return under(child, "SubPlan" if dependent else "InitPlan", f"select #{found['number']}")
