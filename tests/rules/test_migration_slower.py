"""``migration.slower`` on plans made by hand: a plan that takes a new index is dearer by guesses alone."""

from __future__ import annotations

import pytest

from dbtune.model.access import StatementFacts
from dbtune.model.location import SourceLocation
from dbtune.model.migration import Effects, PendingStatement
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import Statement
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.migration.slower import slower
from dbtune.rules.migration_context import MigrationContext, StatementChange

ORDERS = QualifiedName("shop", "orders")
NEW = Index("new", ORDERS, (IndexKey("a"),))


def cost(total: float, node_type: str, index: str | None) -> StatementCost:
    return StatementCost(total, (Plan(PlanNode(node_type, 0.0, total, 10.0, relation=ORDERS, index=index)),))


@pytest.mark.parametrize(("index", "found"), [("new", 0), ("old", 1)])
def test_a_plan_that_takes_a_new_index_is_no_finding(index: str, found: int) -> None:
    before = Snapshot(Server("postgres", "18.0", 180000, "shop"), "", "", tables=(Table(ORDERS, ()),))
    after = Snapshot(Server("postgres", "18.0", 180000, "shop"), "", "", tables=(Table(ORDERS, (), indexes=(NEW,)),))
    planned = PlannedStatement(Statement("f", "SELECT 1"), StatementFacts("select"), ())
    change = StatementChange(planned, cost(1000.0, "Seq Scan", None), cost(2000.0, "Index Scan", index))
    pending = PendingStatement("CREATE INDEX new ON orders (a)", SourceLocation("1.sql", 1))
    effects = Effects(pending, pending.text, applied=True, built=(NEW.full_name,))
    ctx = MigrationContext(before, after, (effects,), (change,), "shadow", "proven")
    assert len(list(slower(ctx))) == found
