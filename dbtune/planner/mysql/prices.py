"""What a server charges for a row, in its own units: for what its EXPLAIN gives no cost of.

MySQL tells none of an UPDATE or DELETE of one table, MariaDB none of any. Their rows are found as a SELECT finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.snapshot import Snapshot

ENTRIES_A_PAGE = 300.0
"""Of a secondary index, where a covering scan reads one page after the other."""


@dataclass(frozen=True)
class RowPrices:
    """Of one server."""

    lookup: float
    """Beginning a range."""
    row: float
    """A row fetched by way of a secondary index."""
    entry: float
    """An entry of an index that covers the statement."""
    scanned: float
    """A row of a scan of the whole table, its page left out."""
    page: float
    """A page of such a scan."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> RowPrices:
        """MySQL: its cost constants. MariaDB 11: milliseconds, measured with the defaults; before: pages."""
        server = snapshot.server
        if server.dialect == "mariadb":
            if server.version_number >= 110000:
                return cls(lookup=0.004, row=0.0013, entry=0.00016, scanned=0.00016, page=0.00024)
            return cls(lookup=1.0, row=1.2, entry=0.205, scanned=0.2, page=1.0)
        costs = {cost.name: cost.value for cost in (server.mysql.costs if server.mysql is not None else ())}
        block = costs.get("memory_block_read_cost", 0.25)
        compared = costs.get("row_evaluate_cost", 0.1)
        return cls(block, block + compared, compared + block / ENTRIES_A_PAGE, compared, block)


def pages_of(snapshot: Snapshot) -> Callable[[QualifiedName], float]:
    """Pages of a table's rows, by its name."""

    def pages(name: QualifiedName) -> float:
        table = snapshot.table(name)
        mysql = table.mysql if table is not None else None
        return 1.0 if mysql is None else float(mysql.clustered_pages or mysql.data_bytes // 16384 or 1)

    return pages


def with_write_costs(plan: Plan, prices: RowPrices, pages: Callable[[QualifiedName], float]) -> Plan:
    """The plan with a cost for finding the rows that a write of one table changes, where the server gave none."""
    if plan.cost > 0 or not any(node.type == "ModifyTable" for node in plan.root.walk()):
        return plan
    return replace(plan, root=_priced(plan.root, prices, pages))


def _priced(node: PlanNode, prices: RowPrices, pages: Callable[[QualifiedName], float]) -> PlanNode:
    children = tuple(_priced(child, prices, pages) for child in node.children)
    if node.access is None or node.relation is None or node.total_cost > 0:
        below = sum(c.total_cost for c in children if c.parent_relationship not in ("SubPlan", "InitPlan", "Subquery"))
        return replace(node, children=children, total_cost=max(node.total_cost, below))
    rows = node.examined_rows or 0.0
    if node.access == "ALL":
        cost = rows * prices.scanned + (pages(node.relation) * prices.page if rows else 0.0)
    else:
        cost = prices.lookup + rows * (prices.entry if node.index == "PRIMARY" else prices.row)
    return replace(node, children=children, total_cost=cost)
