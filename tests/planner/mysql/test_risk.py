"""The risk of new plans on MySQL and MariaDB: real plans of real servers, held against those of today."""

from __future__ import annotations

import pytest

from dbtune.model.plan import Plan, PlanNode
from dbtune.model.risk import PlanRisk
from dbtune.model.snapshot import Snapshot
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.totals import with_subqueries
from dbtune.planner.mysql.worked import with_worked_costs
from dbtune.planner.robustness.mysql_layout import Layout
from dbtune.planner.robustness.places import places
from dbtune.planner.robustness.risk import plan_risk
from dbtune.planner.robustness.sizes import Sizes
from dbtune.planner.robustness.tree import Node, tree_of
from tests.planner.mysql.conftest import Shop
from tests.planner.mysql.test_scratch import built, index, snapshot_of


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def shop(request: pytest.FixtureRequest) -> Shop:
    found: Shop = request.getfixturevalue(f"{request.param}_shop")
    return found


@pytest.fixture(scope="module")
def snapshot(shop: Shop) -> Snapshot:
    return snapshot_of(shop)[1]


@pytest.fixture(scope="module")
def layout(snapshot: Snapshot) -> Layout:
    return Layout.of(snapshot, Sizes.of(snapshot))


def planned(shop: Shop, snapshot: Snapshot, sql: str) -> Plan:
    family = shop.server.family
    text = shop.explain(sql, "v1" if family == "mysql" else "mariadb")
    plan = read_explain(text, family, shop.relations(sql))
    return with_subqueries(with_worked_costs(plan, sql, RowPrices.of(snapshot), family))


def risk(layout: Layout, old: Plan, new: Plan) -> PlanRisk | None:
    return plan_risk(*layout.pair(old, new), layout.sizes)


def scan(tree: Node, alias: str) -> Node:
    return next(node for node in tree.walk() if node.source.alias == alias and node.is_scan)


def test_a_lookup_whose_entries_are_counted_is_safe(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    sql = "SELECT status FROM orders WHERE total = 77"
    old = planned(shop, snapshot, sql)
    new_index = index("orders", "total")
    with built(shop, new_index):
        new = planned(shop, snapshot, sql)
    assert new.indexes == {new_index.name}
    found = risk(layout, old, new)
    assert found is not None
    assert found.level == "safe"


def test_the_same_plan_has_no_risk(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    sql = "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id WHERE c.city = 'city 3'"
    plan = planned(shop, snapshot, sql)
    assert risk(layout, plan, plan) is None


def test_an_order_read_until_limit_loses_where_fewer_rows_fit(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    # nothing tells how many rows have this price: read in order until ten of them came, all may have to be read
    sql = "SELECT order_id, line, product FROM items WHERE price = 33 ORDER BY quantity LIMIT 10"
    old = planned(shop, snapshot, sql)
    new_index = index("items", "quantity")
    with built(shop, new_index):
        new = planned(shop, snapshot, sql)
    assert new.indexes == {new_index.name}
    new = with_examined(new, new_index.name, 900.0)
    found = risk(layout, old, new)
    assert found is not None
    assert (found.level, found.relations) == ("risky", ("items",))
    assert found.factor is not None and found.factor < 1
    assert "fewer rows of items than estimated (a guessed selectivity)" in found.reason


def with_examined(plan: Plan, index_name: str, rows: float) -> Plan:
    """The plan as the sample corrects it: so many entries are read."""

    def of(node: PlanNode) -> PlanNode:
        if node.index != index_name or not node.examined_rows:
            children = tuple(map(of, node.children))
            below = sum(c.total_cost for c in children) - sum(c.total_cost for c in node.children)
            return PlanNode(**{**fields(node), "children": children, "total_cost": node.total_cost + below})
        cost = node.total_cost * (rows / node.examined_rows) * 0.8  # what begins a range is paid once
        return PlanNode(**{**fields(node), "examined_rows": rows, "total_cost": cost})

    return Plan(of(plan.root))


def fields(node: PlanNode) -> dict[str, object]:
    return {name: getattr(node, name) for name in PlanNode.__slots__}


def test_a_dearer_plan_is_risky(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    sql = "SELECT o.status, i.price FROM orders o JOIN items i ON i.order_id = o.id WHERE o.agent < 60"
    old = planned(shop, snapshot, sql)
    dear = Plan(PlanNode(**{**fields(old.root), "total_cost": old.cost * 1.5, "strategy": "otherwise"}))
    found = risk(layout, old, dear)
    assert found is not None
    assert (found.level, found.reason) == ("risky", "50% dearer than the plan it replaces")


def test_what_is_known_of_conditions(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    sql = (
        "SELECT o.total, i.price FROM orders AS o JOIN items i ON i.order_id = o.id"
        " WHERE o.agent < 60 AND o.total > 20 AND i.price LIKE '3%'"
    )
    plan = planned(shop, snapshot, sql)
    tree = tree_of(layout.pair(plan, plan)[0])
    items = scan(tree, "i")
    assert items.references == {"o"} or scan(tree, "o").references == {"i"}
    doubts = {tuple(sorted(place.relations)): place for place in places(tree, sizes=layout.sizes)}
    assert doubts[("i",)].why == doubts[("o",)].why == "a guessed selectivity"
    # an index that begins with the column tells how many agents are below 60
    known = planned(shop, snapshot, "SELECT o.total FROM orders AS o WHERE o.agent < 60")
    assert [p.why for p in places(tree_of(layout.pair(known, known)[0]), sizes=layout.sizes)] == [""]


def test_costs_keep_their_ratios(shop: Shop, snapshot: Snapshot, layout: Layout) -> None:
    one = planned(shop, snapshot, "SELECT * FROM plain WHERE a > 5")
    two = planned(shop, snapshot, "SELECT status, count(*) FROM orders GROUP BY status")
    one_there, two_there = layout.pair(one, two)
    assert one_there.cost / two_there.cost == pytest.approx(one.cost / two.cost)
