"""Reads ``EXPLAIN FORMAT=JSON`` of MySQL 5.7 to 9, version 1: a block of nested operations over a list of tables.

The tables of ``nested_loop`` stand in join order, each with the cost and rows of the join up to it (``prefix_cost``,
``rows_produced_per_join``); the reader makes a left-deep tree of them. Costs of subqueries and of temporary tables that
subqueries fill are not in the cost of the block around them, as the server counts: ``totals.py`` adds them.

Sources: MySQL manual, "EXPLAIN Output Format"; the names of the members in ``sql/opt_explain_json.cc``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.nodes import above, joined, merged_by_name, scan_type, under
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.values import JsonObject, JsonValue, decode, key_length, many, marks, number, one, text, texts

_UNIONS = {"union_result": "Union", "intersect_result": "Intersect", "except_result": "Except", "unary_result": "Unary"}
_BUFFERS = {"Block Nested Loop": "Block", "Batched Key Access": "Batched Key Access"}
_WRITES = ("insert", "replace", "update", "delete")

_STRATEGIES = {
    "backward_index_scan": "Backward",
    "using_MRR": "Multi-range",
    "using_index_for_group_by": "Skip scan for grouping",
    "using_index_for_skip_scan": "Skip scan",
    "loosescan": "Loose scan",
    "using_where_with_pushed_condition": "Pushed condition",
}
"""Members that say how a table is read, beside the access."""


def read_json_v1(explain: str | bytes | JsonObject, relations: Relations) -> Plan:
    """The plan. Raises PlanFailed where it is another format or holds no plan."""
    document = decode(explain) if isinstance(explain, str | bytes) else explain
    block = one(document.get("query_block"))
    if block is None:
        raise PlanFailed("the server's EXPLAIN output holds no query block")
    return Plan(_Reader(relations).block(block))


class _Reader:
    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def block(self, block: JsonObject) -> PlanNode:
        """The plan of a query block, its total cost that of the block."""
        node = self._content(block)
        cost = number(_costs(block).get("query_cost"))
        if cost is not None:
            node = replace(node, total_cost=cost, startup_cost=min(node.startup_cost, cost))
        return node

    def _content(self, source: JsonObject) -> PlanNode:
        """The operation, join or table that an object of the tree holds, with the subqueries that hang on it."""
        node = self._operation(source)
        return self._with_subqueries(node, source)

    def _operation(self, source: JsonObject) -> PlanNode:
        for name in ("ordering_operation", "grouping_operation", "duplicates_removal", "windowing", "buffer_result"):
            inner = one(source.get(name))
            if inner is not None:
                return self._reordered(name, inner)
        for name, kind in _UNIONS.items():
            inner = one(source.get(name))
            if inner is not None:
                return self._union(kind, inner)
        if (inner := one(source.get("insert_from"))) is not None:
            node = self._content(inner)
            written = one(source.get("table"))
            return (
                node if written is None else replace(self._table(written, 0.0, 1.0), children=(under(node, "Outer"),))
            )
        if "nested_loop" in source:
            return self._nested_loop(source["nested_loop"])
        if (table := one(source.get("table"))) is not None:
            return self._table(table, 0.0, 1.0)
        return PlanNode("Result", 0.0, 0.0, 1.0, strategy=text(source.get("message")))

    def _reordered(self, name: str, source: JsonObject) -> PlanNode:
        node = self._content(source)
        temporary = source.get("using_temporary_table") is True
        sort_cost = number(_costs(source).get("sort_cost")) or 0.0
        if name == "windowing":
            return self._windows(node, source, sort_cost)
        if name == "buffer_result":
            return above("Materialize", node, strategy="Temporary table")
        if name == "ordering_operation":
            if temporary:
                node = above("Materialize", node, strategy="Temporary table")
            if source.get("using_filesort") is not True:
                return node
            if node.type == "ModifyTable" and node.children:  # of UPDATE and DELETE: which rows come first
                below, *others = node.children
                return replace(node, children=(above("Sort", below, cost=sort_cost), *others))
            return above("Sort", node, cost=sort_cost)
        type_ = "Aggregate" if name == "grouping_operation" else "Unique"
        sorts = source.get("using_filesort") is True
        if temporary:
            node = above(type_, node, strategy="Temporary table")
            return above("Sort", node, cost=sort_cost) if sorts else node
        if sorts:
            node = above("Sort", node, cost=sort_cost)
        return above(type_, node, strategy="Sorted")

    def _windows(self, node: PlanNode, source: JsonObject, sort_cost: float) -> PlanNode:
        for number_, window in enumerate(many(source.get("windows"))):
            if window.get("using_filesort") is True:
                node = above(
                    "Sort", node, cost=0.0 if number_ else sort_cost, sort_keys=texts(window.get("filesort_key"))
                )
            buffered = "Temporary table" if window.get("using_temporary_table") is True else None
            node = above("WindowAgg", node, strategy=buffered, output=texts(window.get("functions")))
        return node

    def _union(self, kind: str, source: JsonObject) -> PlanNode:
        blocks = [self.block(b) for s in many(source.get("query_specifications")) if (b := one(s.get("query_block")))]
        blocks += [self._content(s) for s in many(source.get("query_specifications")) if "query_block" not in s]
        node = PlanNode(
            "Append",
            0.0,
            sum(block.total_cost for block in blocks),
            sum(block.rows for block in blocks),
            strategy=kind,
            children=tuple(under(block, "Member") for block in blocks),
        )
        return (
            above("Materialize", node, strategy="Temporary table")
            if source.get("using_temporary_table") is True
            else node
        )

    def _nested_loop(self, items: JsonValue) -> PlanNode:
        left: PlanNode | None = None
        for item in many(items):
            left = self._joined(left, item)
        if left is None:
            raise PlanFailed("a join of the server's EXPLAIN output holds no table")
        return left

    def _joined(self, left: PlanNode | None, item: JsonObject) -> PlanNode:
        table = one(item.get("table"))
        if table is None:  # a group of tables: duplicates removed after a semijoin, or a buffer
            group = self._content(item)
            return group if left is None else joined(left, group, total_cost=group.total_cost, rows=group.rows)
        cost, rows = (0.0, 1.0) if left is None else (left.total_cost, left.rows)
        right = self._table(table, cost, rows)
        if left is None:
            produced = number(table.get("rows_produced_per_join"))
            return right if produced is None else replace(right, rows=produced)
        buffer = text(table.get("using_join_buffer"))
        produced = number(table.get("rows_produced_per_join"))
        semi = "first_match" in table or table.get("loosescan") is True
        return joined(
            left,
            right,
            type_="Hash Join" if buffer == "hash join" else "Nested Loop",
            total_cost=number(_costs(table).get("prefix_cost")) or cost,
            rows=produced if produced is not None else rows * right.rows,
            join_type="Semi" if semi else "Anti" if table.get("not_exists") is True else None,
            strategy=_BUFFERS.get(buffer or ""),
        )

    def _table(self, table: JsonObject, cost_before: float, rows_before: float) -> PlanNode:
        """A table, its cost per loop: what it adds to the join's, shared by the rows that come from before."""
        alias = text(table.get("table_name"))
        if alias is None:
            node = PlanNode("Result", 0.0, 0.0, 0.0, strategy=text(table.get("message")))
            return self._with_subqueries(node, table)
        examined = number(table.get("rows_examined_per_scan"))
        if examined is None:
            examined = number(table.get("rows")) or 0.0
        filtered = number(table.get("filtered"))
        costs = _costs(table)
        prefix = number(costs.get("prefix_cost"))
        loops = 1.0 if "using_join_buffer" in table else max(1.0, rows_before)
        cost = 0.0 if prefix is None else max(0.0, prefix - cost_before) / loops
        access = text(table.get("access_type"))
        key = text(table.get("key"))
        union = merged_by_name(key) if access == "index_merge" and key is not None else None
        relation = self._relations.of(alias)
        write = next((word for word in _WRITES if table.get(word) is True), None)
        node = PlanNode(
            type=scan_type(access, covering=_covering(table), stored=relation is not None and _stored(table)),
            startup_cost=0.0,
            total_cost=cost,
            rows=examined if filtered is None else examined * filtered / 100,
            relation=relation if _stored(table) else None,
            alias=alias,
            index=None if union is not None or key is None or key.startswith("<") else key,
            index_condition=text(table.get("index_condition")),
            filter=text(table.get("attached_condition")),
            strategy=marks(table, _STRATEGIES),
            children=() if union is None else (union,),
            access=access,
            possible_indexes=tuple(k for k in texts(table.get("possible_keys")) if not k.startswith("<")),
            key_columns=texts(table.get("used_key_parts")),
            key_length=key_length(table.get("key_length")),
            references=texts(table.get("ref")),
            examined_rows=examined,
            output=texts(table.get("used_columns")),
            # an INSERT reads none, and names all that it may write to
            partitions=() if table.get("insert") is True else texts(table.get("partitions")),
        )
        node = self._with_subqueries(node, table)
        if table.get("using_filesort") is True:  # of UPDATE and DELETE of one table with ORDER BY
            node = above("Sort", node)
        return (
            node if write is None else above("ModifyTable", node, strategy=write.capitalize(), relation=node.relation)
        )

    def _with_subqueries(self, node: PlanNode, source: JsonObject) -> PlanNode:
        found = tuple(self._subqueries(source))
        return replace(node, children=(*node.children, *found)) if found else node

    def _subqueries(self, source: JsonObject) -> Iterator[PlanNode]:
        filled = one(source.get("materialized_from_subquery"))
        if filled is not None:
            yield self._filled(filled)
        for key, value in source.items():
            if key.endswith("_subqueries") and key != "optimized_away_subqueries":
                for subquery in many(value):
                    yield self._subquery(subquery)

    def _subquery(self, source: JsonObject) -> PlanNode:
        block = one(source.get("query_block"))
        node = self._content(source) if block is None else self.block(block)
        relationship = "SubPlan" if source.get("dependent") is True else "InitPlan"
        select = number(block.get("select_id")) if block is not None else None
        return under(node, relationship, None if select is None else f"select #{select:.0f}")

    def _filled(self, source: JsonObject) -> PlanNode:
        """A temporary table and the subquery that fills it: once, or for each outer row where it depends on it."""
        block = one(source.get("query_block"))
        node = self._content(source) if block is None else self.block(block)
        shared = source.get("sharing_temporary_table_with") is not None
        strategy = "Shared" if shared else "Dependent" if source.get("dependent") is True else None
        return under(above("Materialize", node, strategy=strategy), "Subquery")


def _costs(source: JsonObject) -> JsonObject:
    return one(source.get("cost_info")) or {}


def _stored(table: JsonObject) -> bool:
    """Whether it is a table of the schema, and not a temporary one that goes by its alias."""
    return "materialized_from_subquery" not in table


def _covering(table: JsonObject) -> bool:
    return table.get("using_index") is True or bool(table.get("using_index_for_group_by"))
