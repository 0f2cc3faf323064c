"""Without a scratch server: the target's own EXPLAIN, and a formula for what is not there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from dbtune.connect.mysql_abilities import NAMES
from dbtune.demo.mysql_flow import newest_program
from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.mysql import Bucket, Histogram
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.progress import NoProgress
from dbtune.model.workload import Instance
from dbtune.planner.mysql.conditions import Condition, conditions
from dbtune.planner.mysql.distinct import estimated_distinct
from dbtune.planner.mysql.estimate import EstimatePlanner, usable
from dbtune.planner.mysql.scratch.host import SCRATCH_URL_VARIABLE
from dbtune.planner.mysql.selectivity import _share_below, selectivity
from dbtune.planner.opening import open_planner
from tests.planner.mysql.conftest import Shop
from tests.planner.mysql.test_scratch import BY_TOTAL, built, index, snapshot_of, truth
from tests.servers.mysql_sandbox import FLAVOURS, script
from tests.servers.packages import Unavailable

JOIN = "SELECT p.a, q.b FROM plain p JOIN plain q ON p.b = q.a WHERE p.c = 'c3'"
DAY = "SELECT * FROM orders WHERE total = 77"


@pytest.fixture(params=["mysql", "mariadb", "old mariadb"])
def shop(request: pytest.FixtureRequest, mysql_shop: Shop, mariadb_shop: Shop, old_mariadb_shop: Shop) -> Shop:
    return {"mysql": mysql_shop, "mariadb": mariadb_shop, "old mariadb": old_mariadb_shop}[request.param]


def test_a_lookup_and_an_inner_table(shop: Shop) -> None:
    url, snapshot = snapshot_of(shop)
    with EstimatePlanner(snapshot, url) as planner:
        assert planner.confidence == "estimated" and planner.limits
        for sql, new in ((DAY, BY_TOTAL), (JOIN, index("plain", "a"))):
            assert planner.prepare([new]) == (new,)
            before = planner.plan(Instance(sql))
            after = planner.plan(Instance(sql), Configuration(frozenset({new})))
            assert new.name in after.indexes and 0 < after.cost < before.cost
            assert before.indexes == truth(shop, sql).indexes
        useless = Configuration(frozenset({index("orders", "agent", "total")}))
        assert planner.plan(Instance(DAY), useless) == planner.plan(Instance(DAY))


def test_how_far_it_is_off(mysql_shop: Shop) -> None:
    url, snapshot = snapshot_of(mysql_shop)
    new = index("plain", "a")
    with EstimatePlanner(snapshot, url) as planner:
        after = planner.plan(Instance(JOIN), Configuration(frozenset({new})))
        with built(mysql_shop, new):
            # nothing is known of the column: ten rows are guessed for each row of the other table, and it is one
            assert after.cost > truth(mysql_shop, JOIN).cost


def test_dropping_and_refusing(mysql_shop: Shop) -> None:
    url, snapshot = snapshot_of(mysql_shop)
    drop = Configuration(drop=frozenset({QualifiedName("shop", "orders.by_customer")}))
    with EstimatePlanner(snapshot, url) as planner:
        with pytest.raises(PlanFailed, match="by_customer"):
            planner.plan(Instance("SELECT * FROM orders WHERE customer = 7"), drop)
        with pytest.raises(PlanFailed, match="nope"):
            planner.plan(Instance("SELECT nope FROM orders"))
        assert planner.plan(Instance("DELETE FROM items WHERE product = 3")).indexes == {"by_product"}
        assert planner.index_bytes(BY_TOTAL) > 16384


def test_a_write_is_planned_on_every_server_with_the_tables_that_its_aliases_stand_for(shop: Shop) -> None:
    url, snapshot = snapshot_of(shop)
    with EstimatePlanner(snapshot, url) as planner:
        assert planner.plan(Instance("DELETE FROM items WHERE product = 3")).indexes == {"by_product"}
        written = planner.plan(Instance("UPDATE orders o SET o.total = 5 WHERE o.agent = 7"))
        assert {node.relation for node in written.root.walk()} == {QualifiedName("shop", "orders")}
        assert written.cost > 0


def test_auto_falls_back_on_it(mysql_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    url, snapshot = snapshot_of(mysql_shop)
    monkeypatch.delenv(SCRATCH_URL_VARIABLE, raising=False)
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host.available_programs", lambda: ())
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host._in_container", lambda server: None)
    with open_planner("auto", snapshot, url, NoProgress()) as planner:
        assert planner.confidence == "estimated"
    for kind in ("scratch", "shadow", "hypopg"):
        with pytest.raises(PlannerUnavailable), open_planner(kind, snapshot, url, NoProgress()):  # type: ignore[arg-type]
            pass
    with pytest.raises(PlannerUnavailable), open_planner("auto", snapshot, None, NoProgress()):
        pass


def test_a_program_of_the_other_family_is_named(
    mysql_shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """``DBTUNE_MYSQLD`` as a user may set it: a server of the other family, a program of another kind, nothing."""
    url, snapshot = snapshot_of(mysql_shop)
    other = "mariadb-11.8" if mysql_shop.server.family == "mysql" else "mysql"
    try:
        program = script(FLAVOURS[other], tmp_path)
    except Unavailable as error:
        pytest.skip(f"no {other} server: {error}")
    monkeypatch.delenv(SCRATCH_URL_VARIABLE, raising=False)
    monkeypatch.setenv("DBTUNE_MYSQLD", os.pathsep.join([str(program), "/bin/true", "/nowhere/mysqld"]))
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host.available_programs", lambda: ())
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host._in_container", lambda server: None)
    named = (
        rf"DBTUNE_MYSQLD names {program}, which is {NAMES[FLAVOURS[other].family]} [0-9.]+, /bin/true, which is no "
        rf"program of a server, /nowhere/mysqld, which is not there: {NAMES[mysql_shop.server.family]} is needed"
    )
    with open_planner("auto", snapshot, url, NoProgress()) as planner:
        assert re.search(rf"there is no scratch server \({named}\): their gain", planner.limits[0].why)
    with open_planner("explain", snapshot, url, NoProgress()) as planner:
        assert "DBTUNE_MYSQLD" not in planner.limits[0].why
    with pytest.raises(PlannerUnavailable, match=named), open_planner("scratch", snapshot, url, NoProgress()):
        pass
    monkeypatch.setattr("dbtune.demo.mysql_flow.available_programs", lambda: ())
    with pytest.raises(PlannerUnavailable, match=named):
        newest_program(mysql_shop.server.family)


def test_conditions() -> None:
    text = (
        "((`s`.`o`.`a` = 5) and (`s`.`o`.`b` between 3 and 9) and (`s`.`o`.`c` = `s`.`x`.`d`) and (7 <= `s`.`o`.`e`))"
    )
    assert conditions(text, "o") == (
        Condition("a", "equality", ("5",)),
        Condition("b", "range", ("3", "9")),
        Condition("c", "equality", (), joins=True),
        Condition("e", "range", ("7", "")),
    )
    assert conditions("(o.a in (1,2)) and o.b > DATE'2024-01-01' and f(o.c) = 3 and (o.d = 1 or o.e = 2)", "o") == (
        Condition("a", "list", ("1", "2")),
        Condition("b", "range", ("2024-01-01", "")),
    )
    assert conditions("<in_optimizer>((", "o") == ()


def test_which_conditions_bound_an_index() -> None:
    found = conditions("(o.a = 1) and (o.b > 2) and (o.c = 3) and (o.d = x.y)", "o")
    assert [c.column for c in usable(index("o", "a", "b", "c"), found, joined=False)] == ["a", "b"]
    assert [c.column for c in usable(index("o", "c", "a", "b"), found, joined=False)] == ["c", "a", "b"]
    assert usable(index("o", "d"), found, joined=False) == ()
    assert [c.column for c in usable(index("o", "d", "a"), found, joined=True)] == ["d", "a"]


def test_shares(mysql_shop: Shop) -> None:
    _, snapshot = snapshot_of(mysql_shop)
    orders = snapshot.table(QualifiedName("shop", "orders"))
    assert orders is not None
    assert selectivity(Condition("customer", "equality", ("7",)), orders, 6000) == pytest.approx(1 / 1500, rel=0.2)
    assert selectivity(Condition("total", "equality", ("7",)), orders, 6000) == 0.1
    assert selectivity(Condition("total", "range", ("1", "2")), orders, 6000) == pytest.approx(1 / 9)
    histogram = Histogram("equi-height", (Bucket("0", "100", 0.5, 100), Bucket("101", "500", 0.5, 400)), "int")
    assert _share_below("50", histogram) == pytest.approx(0.25)
    assert _share_below("101", histogram) == pytest.approx(0.5)
    assert _share_below("600", histogram) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("rows", "sampled", "distinct", "once", "least", "most"),
    [(1000, 1000, 40, 3, 40, 40), (1e6, 1000, 1000, 1000, 1e6, 1e6), (1e6, 1000, 10, 0, 10, 10), (0, 0, 0, 0, 1, 1)],
)
def test_distinct_values(rows: float, sampled: float, distinct: float, once: float, least: float, most: float) -> None:
    assert least <= estimated_distinct(rows, sampled, distinct, once) <= most * 1.001
