"""Costs that are worked out, where EXPLAIN shows those of another plan: on real servers."""

from __future__ import annotations

import pytest

from dbtune.model.plan import Plan
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.worked import limit_of, with_worked_costs
from tests.planner.mysql.conftest import Shop

PRICES = {
    "mysql": RowPrices(lookup=0.25, row=0.35, entry=0.1, scanned=0.1, page=0.25),
    "mariadb": RowPrices(lookup=0.004, row=0.0013, entry=0.00016, scanned=0.00016, page=0.00024),
}


@pytest.fixture(params=["mysql", "mariadb"])
def shop(request: pytest.FixtureRequest, mysql_shop: Shop, mariadb_shop: Shop) -> Shop:
    return mysql_shop if request.param == "mysql" else mariadb_shop


def plans(shop: Shop, sql: str) -> tuple[Plan, Plan]:
    """As the server tells it, and worked out."""
    family = shop.server.family
    told = read_explain(shop.explain(sql, "v1" if family == "mysql" else "mariadb"), family, shop.relations(sql))
    return told, with_worked_costs(told, sql, PRICES[family], family)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT * FROM orders ORDER BY id LIMIT 10", 10),
        ("select * from orders limit 20, 5", 25),
        ("SELECT * FROM orders LIMIT 5 OFFSET 20", 25),
        ("SELECT * FROM (SELECT * FROM orders LIMIT 3) AS some", None),
        ("SELECT * FROM orders WHERE id IN (SELECT order_id FROM items) LIMIT 7", 7),
        ("SELECT count(*) FROM orders LIMIT 1", None),
        ("SELECT id FROM orders UNION SELECT id FROM customers LIMIT 1", None),
        ("DELETE FROM orders LIMIT 5", None),
        ("SELECT * FROM orders", None),
        ("SELECT `limit` FROM plain", None),
    ],
)
def test_rows_after_which_it_ends(sql: str, rows: float | None) -> None:
    assert limit_of(sql) == rows


def test_an_order_by_an_index_is_read_until_limit(shop: Shop) -> None:
    told, worked = plans(shop, "SELECT * FROM orders ORDER BY id LIMIT 10")
    assert worked.cost < told.cost / 20
    told, worked = plans(shop, "SELECT * FROM items WHERE product = 3 LIMIT 1")
    assert worked.cost < told.cost / 5
    told, worked = plans(shop, "SELECT * FROM plain ORDER BY b LIMIT 10")  # all rows are needed for the first
    assert worked.cost == told.cost


def test_what_costs_what_it_says_stays(shop: Shop) -> None:
    for sql in ("SELECT * FROM orders WHERE customer = 7", "SELECT * FROM orders", "SELECT sum(total) FROM orders"):
        told, worked = plans(shop, sql)
        assert worked.cost == pytest.approx(told.cost)


def test_a_hash_join_is_no_product(mysql_shop: Shop) -> None:
    sql = "SELECT * FROM orders o JOIN plain p ON p.a = o.total"
    told, worked = plans(mysql_shop, sql)
    assert any(node.type == "Hash Join" for node in told.root.walk())
    assert worked.cost < told.cost / 20
    assert worked.root.rows <= 6000
    product = plans(mysql_shop, "SELECT * FROM orders o JOIN plain p ON p.a > o.total")
    assert product[1].cost == pytest.approx(product[0].cost)


def test_groups_are_sorted_and_not_rows(mysql_shop: Shop) -> None:
    told, worked = plans(mysql_shop, "SELECT status, sum(total) FROM orders GROUP BY status ORDER BY status")
    assert told.cost > 6000
    assert worked.cost < told.cost / 3
