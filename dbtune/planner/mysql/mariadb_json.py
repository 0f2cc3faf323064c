"""Reads ``EXPLAIN FORMAT=JSON`` and ``ANALYZE FORMAT=JSON`` of MariaDB 10.5 and later.

``cost`` and ``loops`` came with 11.0; before that all costs are 0 here.
Tables stand in join order, each with the cost of all its loops together; the reader makes a left-deep tree of them.

Sources: MariaDB documentation, "EXPLAIN FORMAT=JSON", "ANALYZE FORMAT=JSON"; ``sql/sql_explain.cc`` for the members.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.nodes import TEMPORARY_KEY, above, index_range, joined, merged, scan_type, under
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.values import (
    JsonObject,
    JsonValue,
    decode,
    entries,
    key_length,
    many,
    marks,
    number,
    one,
    text,
    texts,
)

_HASH = "#hash#"
_WRITES = ("update", "delete")
_SORTS = ("filesort", "read_sorted_file")

_STRATEGIES = {
    "mrr_type": "Multi-range",
    "using_index_for_group_by": "Skip scan for grouping",
    "loose_scan": "Loose scan",
    "range-checked-for-each-record": "Re-planned",
}
"""Members that say how a table is read, beside the access."""


def read_mariadb(explain: str | bytes | JsonObject, relations: Relations) -> Plan:
    """The plan. Raises PlanFailed where it is another format or holds no plan."""
    document = decode(explain) if isinstance(explain, str | bytes) else explain
    block = one(document.get("query_block"))
    if block is None:
        raise PlanFailed("the server's EXPLAIN output holds no query block")
    return Plan(_Reader(relations).block(block), execution_ms=_executed(block))


class _Reader:
    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    def block(self, block: JsonObject) -> PlanNode:
        """The plan of a query block, its total cost that of the block."""
        node = self._content(block)
        cost = number(block.get("cost"))
        if cost is not None:
            cost = max(cost, node.total_cost)  # a materialised IN keeps the cost that it had as a lookup
            node = replace(node, total_cost=cost, startup_cost=min(node.startup_cost, cost))
        for key in ("having_condition", "const_condition"):
            condition = text(block.get(key))
            if condition is not None:
                node = replace(above("Result", node), filter=condition)
        return node

    def _content(self, source: JsonObject) -> PlanNode:
        node = self._operation(source)
        found = tuple(self._subqueries(source))
        return replace(node, children=(*node.children, *found)) if found else node

    def _operation(self, source: JsonObject) -> PlanNode:
        for name in _SORTS:
            if (inner := one(source.get(name))) is not None:
                return self._sorted(inner) if name == "filesort" else self._content(inner)
        if (inner := one(source.get("temporary_table"))) is not None:
            return above("Materialize", self._content(inner), strategy="Temporary table")
        if (inner := one(source.get("window_functions_computation"))) is not None:
            return self._windows(inner)
        for name in ("union_result", "recursive_union"):
            if (union := one(source.get(name))) is not None:
                return self._union(union)
        removed = source.get("duplicates_removal", source.get("duplicate_removal"))
        if removed is not None:
            return self._deduplicated(removed)
        if "nested_loop" in source:
            return self._nested_loop(many(source["nested_loop"]))
        tables = [item for key, value in entries(source) for item in _items(key, value)]
        if tables:
            return self._nested_loop(tables)
        return PlanNode("Result", 0.0, 0.0, 1.0, strategy=text(source.get("message")))

    def _sorted(self, source: JsonObject) -> PlanNode:
        inner = self._content(source)
        keys = text(source.get("sort_key"))
        if inner.type == "ModifyTable" and inner.children:  # of UPDATE and DELETE: which rows come first
            below, *others = inner.children
            return replace(inner, children=(above("Sort", below), *others))
        node = above("Sort", inner, sort_keys=() if keys is None else (keys,))
        return replace(node, **_actual(source, "r_output_rows"))  # type: ignore[arg-type]

    def _windows(self, source: JsonObject) -> PlanNode:
        node = self._content({key: value for key, value in source.items() if key != "sorts"})
        for sort in many(source.get("sorts")):
            inner = one(sort.get("filesort")) or {}
            keys = text(inner.get("sort_key"))
            node = above("Sort", node, sort_keys=() if keys is None else (keys,))
        return above("WindowAgg", node)

    def _union(self, source: JsonObject) -> PlanNode:
        blocks = [self.block(b) for s in many(source.get("query_specifications")) if (b := one(s.get("query_block")))]
        node = PlanNode(
            "Append",
            0.0,
            number(source.get("cost")) or sum(block.total_cost for block in blocks),
            sum(block.rows for block in blocks),
            strategy="Union",
            children=tuple(under(block, "Member") for block in blocks),
        )
        return above("Materialize", node, strategy="Temporary table") if "table_name" in source else node

    def _deduplicated(self, source: JsonValue) -> PlanNode:
        inner = self._nested_loop(many(source)) if isinstance(source, list) else self._content(one(source) or {})
        return above("Unique", inner, strategy="Temporary table")

    def _nested_loop(self, items: tuple[JsonObject, ...] | list[JsonObject]) -> PlanNode:
        left: PlanNode | None = None
        for item in items:
            left = self._joined(left, item)
        if left is None:
            raise PlanFailed("a join of the server's EXPLAIN output holds no table")
        return left

    def _joined(self, left: PlanNode | None, item: JsonObject) -> PlanNode:
        buffer = one(item.get("block-nl-join"))
        table = one((buffer or item).get("table"))
        rows_before = 1.0 if left is None else left.rows
        if table is None:
            right, cost, semi = self._content(item), None, False
        else:
            loops = 1.0 if buffer is not None else number(table.get("loops")) or rows_before
            right = self._table(table, max(1.0, loops), buffered=buffer is not None)
            cost, semi = number(table.get("cost")), "first_match" in table or table.get("loose_scan") is True
        if left is None:
            return right
        how = "" if buffer is None else text(buffer.get("join_type")) or ""
        node = joined(
            left,
            right,
            type_="Hash Join" if how in ("BNLH", "BKAH") and _hashed(table) else "Nested Loop",
            total_cost=left.total_cost + (cost if cost is not None else right.total_cost),
            rows=rows_before * right.rows,
            join_type="Semi" if semi else None,
            strategy=None if buffer is None else {"BNL": "Block", "BKA": "Batched Key Access"}.get(how),
        )
        condition = None if buffer is None else text(buffer.get("attached_condition"))
        return node if condition is None else replace(node, join_condition=condition)

    def _table(self, table: JsonObject, loops: float, *, buffered: bool) -> PlanNode:
        """A table with its cost per loop."""
        alias = text(table.get("table_name"))
        if alias is None:
            return PlanNode("Result", 0.0, 0.0, 0.0, strategy=text(table.get("message")))
        examined = number(table.get("rows")) or 0.0
        filtered = number(table.get("filtered"))
        access = text(table.get("access_type"))
        key = text(table.get("key"))
        stored = "materialized" not in table and self._relations.of(alias) is not None
        if key is not None:
            key = key.removeprefix(_HASH).partition(":")[2] or (None if key.startswith(_HASH) else key)
        merge = one(table.get("index_merge"))
        covering = table.get("using_index") is True
        actual_examined = number(table.get("r_rows"))
        total = number(table.get("cost")) or 0.0
        node = PlanNode(
            type=scan_type(access, covering=covering, stored=stored),
            startup_cost=0.0,
            total_cost=total if buffered else total / loops,
            rows=examined if filtered is None else examined * filtered / 100,
            relation=self._relations.of(alias) if stored else None,
            alias=alias,
            index=None if key is None or not stored or (TEMPORARY_KEY.fullmatch(key) and not stored) else key,
            index_condition=text(table.get("index_condition")) or text(table.get("index_condition_bka")),
            filter=text(table.get("attached_condition")),
            strategy=marks(table, _STRATEGIES),
            children=() if merge is None else tuple(_merge(merge)),
            access=access,
            possible_indexes=texts(table.get("possible_keys")),
            key_columns=texts(table.get("used_key_parts")),
            key_length=key_length(table.get("key_length")),
            references=texts(table.get("ref")),
            examined_rows=examined,
            actual_examined_rows=actual_examined,
            partitions=texts(table.get("partitions")),
        )
        node = replace(node, **_actual(table, "r_rows"))  # type: ignore[arg-type]
        node = replace(node, children=(*node.children, *self._below(table)))
        write = next((word for word in _WRITES if table.get(word)), None)
        if table.get("using_filesort"):
            node = above("Sort", node)
        return (
            node if write is None else above("ModifyTable", node, strategy=write.capitalize(), relation=node.relation)
        )

    def _below(self, table: JsonObject) -> Iterator[PlanNode]:
        rowid_filter = one(table.get("rowid_filter"))
        if rowid_filter is not None:
            for _, value in entries(rowid_filter):
                inner = one(value)
                if inner is not None and (name := text(inner.get("key"))) is not None:
                    yield replace(
                        under(index_range(name, texts(inner.get("used_key_parts"))), "Filter"), strategy="Row id filter"
                    )
        filled = one(table.get("materialized"))
        if filled is not None:
            block = one(filled.get("query_block"))
            node = self._content(filled) if block is None else self.block(block)
            strategy = "Dependent" if filled.get("lateral") else "Unique" if filled.get("unique") else None
            yield under(above("Materialize", node, strategy=strategy), "Subquery")
        yield from self._subqueries(table)

    def _subqueries(self, source: JsonObject) -> Iterator[PlanNode]:
        for item in many(source.get("subqueries")):
            cache = one(item.get("expression_cache")) or one(item.get("subquery_cache"))
            block = one((cache or item).get("query_block"))
            if block is None:
                filled = one(item.get("materialization")) or one(item.get("materialized")) or {}
                block = one(filled.get("query_block"))
            if block is None:
                continue
            select = number(block.get("select_id"))
            # a subquery that depends on nothing is run once; only those that do have a cache or an outer reference
            dependent = cache is not None or "outer_ref_condition" in block or _refers_outward(block)
            role = "SubPlan" if dependent else "InitPlan"
            yield under(self.block(block), role, None if select is None else f"select #{select:.0f}")


def _executed(block: JsonObject) -> float | None:
    """Milliseconds; a union tells those of its parts only."""
    own = number(block.get("r_total_time_ms"))
    union = one(block.get("union_result"))
    if own is not None or union is None:
        return own
    parts = [_executed(one(part.get("query_block")) or {}) for part in many(union.get("query_specifications"))]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _items(key: str, value: JsonValue) -> Iterator[JsonObject]:
    if key in ("table", "block-nl-join"):
        yield {key: value}


def _hashed(table: JsonObject | None) -> bool:
    return table is not None and (text(table.get("access_type")) or "").startswith("hash")


def _refers_outward(block: JsonObject) -> bool:
    """Whether the first access of the block is looked up by something that is not constant."""
    for value in block.values():
        for item in (*many(value), *([one(value)] if one(value) is not None else [])):
            table = one((item or {}).get("table")) or (item if item and "table_name" in item else None)
            if table is not None:
                return any(ref not in ("const",) for ref in texts(table.get("ref")))
    return False


def _merge(source: JsonValue) -> Iterator[PlanNode]:
    """Of ``{"sort_union": {"range": {…}, "range": {…}}}``, where decoding keeps members of one name, or a list."""
    for kind, value in entries(source):
        if kind == "range":
            for item in (*many(value), *([one(value)] if one(value) is not None else [])):
                if item is not None and (name := text(item.get("key"))) is not None:
                    yield index_range(name, texts(item.get("used_key_parts")))
        else:
            parts = value if isinstance(value, list) else [value]
            inner = [node for part in parts for node in _merge(part)]
            yield merged(kind, inner)


def _actual(source: JsonObject, rows: str) -> dict[str, float | None]:
    """Actual figures per loop, where ANALYZE gave some."""
    if "r_loops" not in source and rows not in source:
        return {}
    loops = number(source.get("r_loops")) or 0.0
    filtered = number(source.get("r_filtered"))
    found = number(source.get(rows))
    times = [
        t
        for key in ("r_table_time_ms", "r_other_time_ms", "r_total_time_ms")
        if (t := number(source.get(key))) is not None
    ]
    return {
        "actual_loops": loops,
        "actual_rows": 0.0 if found is None else found * (1.0 if filtered is None else filtered / 100),
        "actual_ms": sum(times) / loops if times and loops else None,
    }
