"""Plain EXPLAIN on the target, and a small cost model for indexes that are not there: where no scratch server is.

Without what-if indexes the answer is the server's. With them, each read of a whole table (or index) is held against one
by the new index: rows by the selectivity of the conditions that the index can use, cost by what the server charges for
a row fetched by an index. A join's inner table can be looked up by a column of the tables before it. That is all: no
other join order, no sort that falls away, so it finds less than the scratch planner, and its grade is "estimated".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbtune.connect.targets import DatabaseUrl
from dbtune.model.plan import Configuration, Plan, PlanNode
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.estimating import EstimatingPlanner
from dbtune.planner.mysql.conditions import Condition, conditions
from dbtune.planner.mysql.index_size import clustered_columns, innodb_size
from dbtune.planner.mysql.live import LiveMySQL
from dbtune.planner.mysql.prices import RowPrices, pages_of, with_write_costs
from dbtune.planner.mysql.selectivity import selectivity


def model(unfit: str = "") -> Limit:
    """What is estimated. ``unfit``: what was named to plan on, and cannot serve, in a clause."""
    return Limit(
        "what-if indexes",
        f"there is no scratch server{f' ({unfit})' if unfit else ''}: their gain on reads of whole tables is estimated "
        "by formula, on sorts and join orders not (DBTUNE_SCRATCH_URL names a server to plan on)",
    )


class EstimatePlanner(EstimatingPlanner):
    """Of MySQL and MariaDB."""

    def __init__(self, snapshot: Snapshot, url: DatabaseUrl, unfit: str = "") -> None:
        """``unfit``: what was named to plan on, and cannot serve, in a clause. Raises ConnectionFailed."""
        super().__init__(snapshot, model(unfit))
        self._pages = pages_of(snapshot)
        self._live = LiveMySQL(url, snapshot, self._pages)
        self._prices = RowPrices.of(snapshot)

    def index_bytes(self, index: Index) -> int:
        """Size once built, by dbtune's own model."""
        table = self._snapshot.table(index.table)
        if table is None:
            return 0
        return innodb_size(index, table, _rows(table), page_bytes=self._snapshot.server.block_size).bytes

    def close(self) -> None:
        """End the session. May be called more than once."""
        self._live.close()

    def _explained(self, instance: Instance) -> Plan:
        return with_write_costs(self._live.plan(instance), self._prices, self._pages)

    def _with_indexes(self, root: PlanNode, configuration: Configuration) -> PlanNode:
        return self._improved(root, configuration)

    def _improved(self, node: PlanNode, configuration: Configuration) -> PlanNode:
        """The node with cheaper reads below it, its cost less by what they save."""
        if node.type in ("Nested Loop", "Hash Join") and len(node.children) >= 2:
            return self._join(node, configuration)
        if node.access is not None and node.relation is not None:
            better = self._by_index(node, configuration, joined=False)
            if better is not None:
                return better
        children = tuple(self._improved(child, configuration) for child in node.children)
        saved = sum(old.total_cost - new.total_cost for old, new in zip(node.children, children, strict=True))
        total = max(0.0, node.total_cost - saved)
        return replace(node, children=children, total_cost=total, startup_cost=min(node.startup_cost, total))

    def _join(self, node: PlanNode, configuration: Configuration) -> PlanNode:
        left, right, *others = node.children
        outer = self._improved(left, configuration)
        added = max(0.0, node.total_cost - left.total_cost)
        inner = None
        if right.relation is not None:
            inner = self._by_index(right, configuration, joined=True, on=node.join_condition)
        type_, strategy = node.type, node.strategy
        if inner is not None and max(1.0, left.rows) * inner.total_cost < added:
            added, type_, strategy = max(1.0, left.rows) * inner.total_cost, "Nested Loop", None
        else:
            inner = self._improved(right, configuration)
            added = max(0.0, added - (right.total_cost - inner.total_cost))
        return replace(
            node,
            type=type_,
            strategy=strategy,
            total_cost=outer.total_cost + added,
            children=(outer, replace(inner, parent_relationship="Inner"), *others),
        )

    def _by_index(
        self, node: PlanNode, configuration: Configuration, *, joined: bool, on: str | None = None
    ) -> PlanNode | None:
        """The cheapest read of the node's table by a new index; of the inner side of a join at any price (``joined``).

        ``on`` is a condition that MariaDB shows at the join.
        """
        assert node.relation is not None
        table = self._snapshot.table(node.relation)
        text = " and ".join(part for part in (node.filter, on, node.index_condition) if part)
        if table is None or not text or node.access not in ("ALL", "index", "range", "ref"):
            return None
        found = conditions(text, node.alias or table.name.name)
        best: PlanNode | None = None
        for index in sorted(configuration.by_table.get(table.name, frozenset()), key=lambda i: i.name):
            used = usable(index, found, joined=joined)
            if not used:
                continue
            cost, rows = self._read(index, table, used, node)
            limit = best.total_cost if best is not None else node.total_cost if not joined else float("inf")
            if cost < limit:
                best = replace(
                    node,
                    type="Index Scan",
                    access="ref" if used[-1].kind == "equality" else "range",
                    startup_cost=0.0,
                    total_cost=cost,
                    examined_rows=rows,
                    index=index.name,
                    key_columns=tuple(dict.fromkeys(condition.column for condition in used)),
                    children=tuple(c for c in node.children if c.parent_relationship in ("SubPlan", "InitPlan")),
                )
        return best

    def _read(self, index: Index, table: Table, used: Sequence[Condition], node: PlanNode) -> tuple[float, float]:
        """Cost of one loop, and the rows it reads."""
        rows = _rows(table)
        share = 1.0
        for condition in used:
            share *= selectivity(condition, table, rows)
        found = max(1.0, rows * share) if not any(c.joins for c in used) else max(0.1, rows * share)
        held = {*index.columns, *(column.name for column in clustered_columns(table))}
        covering = bool(node.output) and set(node.output) <= held
        return self._prices.lookup + found * (self._prices.entry if covering else self._prices.row), found


def usable(index: Index, found: Sequence[Condition], *, joined: bool) -> tuple[Condition, ...]:
    """The conditions that bound a read of the index: equalities on its first columns, a list or range on the one after.

    Equalities with columns of other tables count on the inner side of a join alone.
    """
    used: list[Condition] = []
    for key in index.keys:
        here = [c for c in found if c.column == key.column and (joined or not c.joins)]
        equal = [c for c in here if c.kind == "equality"]
        used += equal[:1] or here
        if not equal:
            break
    return tuple(used)


def _rows(table: Table) -> float:
    mysql = table.mysql
    if mysql is not None and mysql.statistics_rows is not None:
        return float(mysql.statistics_rows)
    return max(0.0, table.tuples)
