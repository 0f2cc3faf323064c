"""What is counted in production, on real servers: held against what they have, and what is asked no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import IndexKey
from dbtune.planner.mysql.scratch import production_counts
from dbtune.planner.mysql.scratch.production_counts import ProductionCounts
from tests.planner.mysql.conftest import Shop
from tests.planner.mysql.test_scratch import snapshot_of

ORDERS = QualifiedName("shop", "orders")
RARE = ["`shop`.`o`.`customer` = 7", "`shop`.`o`.`status` = 'paid'"]


@pytest.fixture(params=["mysql", "mariadb"])
def shop(request: pytest.FixtureRequest, mysql_shop: Shop, mariadb_shop: Shop) -> Shop:
    return mysql_shop if request.param == "mysql" else mariadb_shop


def counted(shop: Shop, query: str) -> float:
    with shop.server.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute(query)
        ((number,),) = cursor.fetchall()
        return float(number)


def test_rows_and_entries(shop: Shop) -> None:
    url, _ = snapshot_of(shop)
    counts = ProductionCounts(url)
    there = counted(shop, "SELECT COUNT(*) FROM orders WHERE customer = 7 AND status = 'paid'")
    assert counts.rows(ORDERS, "o", RARE) == there
    of_customer = counted(shop, "SELECT COUNT(*) FROM orders WHERE customer = 7")
    assert counts.entries(ORDERS, "o", "by_customer", RARE[:1]) == of_customer
    assert counts.limits == ()


@pytest.mark.parametrize("values_at_once", [50_000.0, 1_000.0], ids=["all values", "one part of six"])
def test_distinct_values(shop: Shop, values_at_once: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(production_counts, "COUNTED_VALUES", values_at_once)
    url, snapshot = snapshot_of(shop)
    table = snapshot.table(ORDERS)
    assert table is not None
    lists = [(IndexKey("customer"),), (IndexKey("total"),), (IndexKey("placed"), IndexKey("agent"))]
    known = [
        counted(shop, f"SELECT COUNT(*) FROM (SELECT 1 FROM orders GROUP BY {columns}) AS d")
        for columns in ("customer", "total", "placed, agent")
    ]
    found = ProductionCounts(url).distinct(table, lists, 6000)
    if values_at_once > 6000:
        assert found == known
    else:
        assert found == pytest.approx(known, rel=0.25)


def test_what_a_collation_takes_for_equal_is_one_value(shop: Shop) -> None:
    shop.server.run(
        "CREATE TABLE shop.words (word VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci)",
        "INSERT INTO shop.words VALUES ('one'), ('ONE'), ('One'), ('two'), (NULL)",
    )
    try:
        url, snapshot = snapshot_of(shop)
        table = snapshot.table(QualifiedName("shop", "words"))
        assert table is not None
        assert ProductionCounts(url).distinct(table, [(IndexKey("word"),)], 5) == [3]  # NULL is one of them
    finally:
        shop.server.run("DROP TABLE shop.words")


def test_a_table_that_takes_too_long_is_not_asked_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(production_counts, "QUERY_MS", 50)
    url, _ = snapshot_of(shop)
    counts = ProductionCounts(url)
    slow = ["`o`.`id` = 1 OR SLEEP(0.01) = 1"]
    assert counts.rows(ORDERS, "o", slow) is None
    (limit,) = counts.limits
    assert "shop.orders" in limit.why
    assert counts.rows(ORDERS, "o", RARE) is None


def test_a_target_that_is_gone_says_nothing(shop: Shop) -> None:
    url, _ = snapshot_of(shop)
    gone = replace(url, parameters={**url.parameters, "port": "1"})
    counts = ProductionCounts(gone)
    assert counts.rows(ORDERS, "o", RARE) is None
    assert counts.entries(ORDERS, "o", "by_customer", RARE[:1]) is None
