"""What-if plans on a scratch server, against EXPLAIN on the full database with the index really built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.mysql import read_only_session
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE
from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.scratch.host import SCRATCH_URL_VARIABLE
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.planner.mysql.scratch.rows import sample
from dbtune.planner.mysql.totals import with_subqueries
from dbtune.planner.mysql.worked import with_worked_costs
from tests.planner.mysql.conftest import Shop, fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, script

NO_INDEX_NEEDED = (
    "SELECT * FROM plain WHERE a > 5",
    "SELECT * FROM orders WHERE customer = 7",
    "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id WHERE c.city = 'city 3'",
    "SELECT status, count(*) FROM orders GROUP BY status",
    "SELECT * FROM orders ORDER BY total DESC LIMIT 10",
    "SELECT id FROM orders WHERE customer = 3 UNION SELECT id FROM customers WHERE city = 'city 3'",
)


def index(table: str, *columns: str) -> Index:
    return Index(f"w_{'_'.join(columns)}", QualifiedName("shop", table), tuple(IndexKey(column) for column in columns))


BY_TOTAL = index("orders", "total")
WHAT_IFS = (
    ("SELECT * FROM orders WHERE total BETWEEN 100 AND 125", BY_TOTAL),
    ("SELECT * FROM orders WHERE total = 77", BY_TOTAL),
    ("SELECT status FROM orders WHERE total < 300 AND status = 'new'", index("orders", "status", "total")),
    ("SELECT p.a FROM plain p JOIN orders o ON o.total = p.a WHERE p.c = 'c3'", BY_TOTAL),
    ("SELECT p.a, q.b FROM plain p JOIN plain q ON p.b = q.a WHERE p.c = 'c3'", index("plain", "a")),
    ("SELECT i.price FROM items i JOIN orders o ON o.id = i.order_id WHERE i.price = 33", index("items", "price")),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def snapshot_of(shop: Shop) -> tuple[DatabaseUrl, Snapshot]:
    url = parse_target(shop.server.url + "shop")
    assert isinstance(url, DatabaseUrl)
    return url, collect(url, CollectOptions(workload=False), NoProgress())


@contextmanager
def programs(flavour: str, folder: Path) -> Iterator[None]:
    """The flavour's program is the one that dbtune finds."""
    path = folder / flavour
    path.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PROGRAMS_VARIABLE, str(script(FLAVOURS[flavour], path)))
        patch.delenv(SCRATCH_URL_VARIABLE, raising=False)
        yield


@pytest.fixture(scope="module", params=["mysql", "mariadb-11.8"])
def pair(
    request: pytest.FixtureRequest, folder: Path, mysql_shop: Shop, mariadb_shop: Shop
) -> Iterator[tuple[Shop, ScratchPlanner]]:
    """A shop, and a planner that has 600 rows of each of its tables: a tenth of the largest ones."""
    shop = mysql_shop if request.param == "mysql" else mariadb_shop
    url, snapshot = snapshot_of(shop)
    with programs(request.param, folder), ScratchPlanner.open(snapshot, url, most_rows=600) as planner:
        yield shop, planner


def truth(shop: Shop, sql: str) -> Plan:
    family = shop.server.family
    text = shop.explain(sql, "v1" if family == "mysql" else "mariadb")
    prices = RowPrices.of(snapshot_of(shop)[1])
    return with_subqueries(with_worked_costs(read_explain(text, family, shop.relations(sql)), sql, prices, family))


@contextmanager
def built(shop: Shop, new: Index) -> Iterator[None]:
    shop.server.run("USE shop", alter_table(new.table, add_index(new)))
    yield
    shop.server.run(f"ALTER TABLE shop.{new.table.name} DROP INDEX {new.name}")


def accesses(plan: Plan) -> list[tuple[str | None, str | None]]:
    return [(node.alias, node.index) for node in plan.root.walk() if node.access is not None]


@pytest.mark.parametrize("sql", NO_INDEX_NEEDED)
def test_without_new_indexes_it_plans_as_production(pair: tuple[Shop, ScratchPlanner], sql: str) -> None:
    shop, planner = pair
    plan, true = planner.plan(Instance(sql)), truth(shop, sql)
    assert accesses(plan) == accesses(true)
    if any(constant in sql for constant in ("= 7", "= 3", "city 3")):  # counted on few rows
        assert 1 / 3 < plan.cost / true.cost < 3
    else:
        assert plan.cost == pytest.approx(true.cost, rel=0.05)


@pytest.mark.parametrize(("sql", "new"), WHAT_IFS)
def test_what_if_as_if_built(pair: tuple[Shop, ScratchPlanner], sql: str, new: Index) -> None:
    shop, planner = pair
    assert planner.prepare([new]) == (new,)
    before = planner.plan(Instance(sql), EMPTY_CONFIGURATION)
    plan = planner.plan(Instance(sql), Configuration(frozenset({new})))
    with built(shop, new):
        true = truth(shop, sql)
    assert new.name in true.indexes
    assert new.name in plan.indexes and new.name not in before.indexes
    assert plan.cost < before.cost
    assert 0.4 < plan.cost / true.cost < 2.5
    assert planner.plan(Instance(sql), EMPTY_CONFIGURATION) == before  # hidden again


def test_an_index_left_out(pair: tuple[Shop, ScratchPlanner]) -> None:
    shop, planner = pair
    sql = "SELECT * FROM orders WHERE customer = 7"
    assert planner.plan(Instance(sql)).indexes == {"by_customer"}
    without = planner.plan(Instance(sql), Configuration(drop=frozenset({QualifiedName("shop", "orders.by_customer")})))
    assert without.indexes == frozenset() and without.root.type == "Seq Scan"
    assert planner.plan(Instance(sql)).indexes == {"by_customer"}
    assert shop.explain(sql, "v1" if shop.server.family == "mysql" else "mariadb").count("by_customer")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM orders WHERE id = 5999",
        "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = 5998",
        "SELECT * FROM orders o JOIN customers c ON c.id = o.customer WHERE o.id = 5997",
        "SELECT i.price FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = 5996 AND i.line = 0",
        "SELECT i.price FROM items i JOIN orders o ON o.customer = i.product AND o.id = i.order_id"
        " WHERE i.order_id = 2600 AND i.line = 0 AND o.agent = 0",
    ],
)
def test_a_row_that_the_sample_lacks(pair: tuple[Shop, ScratchPlanner], sql: str) -> None:
    shop, planner = pair
    plan, true = planner.plan(Instance(sql)), truth(shop, sql)
    assert accesses(plan) == accesses(true)
    assert plan.cost == true.cost or 1 / 3 < plan.cost / true.cost < 3  # a row known beforehand costs nothing


def test_statements_are_planned_and_never_run(pair: tuple[Shop, ScratchPlanner]) -> None:
    shop, planner = pair
    plan = planner.plan(Instance("DELETE FROM items WHERE product = 3"))
    assert "by_product" in plan.indexes and plan.cost > 0
    update = Instance("UPDATE orders SET agent = 1 WHERE total = 77")
    planner.prepare([BY_TOTAL])
    before, after = planner.plan(update), planner.plan(update, Configuration(frozenset({BY_TOTAL})))
    assert after.indexes == {BY_TOTAL.name} and 0 < after.cost < before.cost / 5
    for wrong in ("SELECT nope FROM orders", "SELECT 1; DROP TABLE orders", "SELECT * FROM orders WHERE id = ?"):
        with pytest.raises(PlanFailed):
            planner.plan(Instance(wrong))
    with pytest.raises(PlanFailed):
        planner.plan(Instance("SELECT 1", generic=True))
    with shop.server.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM items")
        assert cursor.fetchall()[0][0] == 10_000
        cursor.execute("SHOW INDEX FROM orders")
        assert {row[2] for row in cursor.fetchall()} == {"PRIMARY", "by_customer", "by_placed", "by_agent"}


def test_what_cannot_be_built_is_left_out(pair: tuple[Shop, ScratchPlanner]) -> None:
    _, planner = pair
    partial = Index("p", QualifiedName("shop", "orders"), (IndexKey("total"),), predicate="total > 5")
    missing = index("orders", "nope")
    assert planner.prepare([partial, missing, BY_TOTAL]) == (BY_TOTAL,)
    assert any("w_nope" in limit.what for limit in planner.limits)


def test_more_indexes_than_a_table_may_have(pair: tuple[Shop, ScratchPlanner]) -> None:
    _, planner = pair
    columns = ("customer", "status", "placed", "total", "agent")
    many = [index("orders", *names) for length in (2, 3, 4) for names in permutations(columns, length)]
    assert len(many) > 64
    assert planner.prepare(many) == tuple(many)
    assert not [limit for limit in planner.limits if "w_customer" in limit.what]
    by_agent, by_status = index("orders", "total", "agent"), index("orders", "total", "status", "placed", "customer")
    for wanted, sql in (
        (by_agent, "SELECT * FROM orders WHERE total = 77 AND agent < 50"),
        (by_status, "SELECT * FROM orders WHERE total = 77 AND status = 'paid'"),
        (by_agent, "SELECT id FROM orders WHERE total = 78 AND agent < 50"),
    ):
        assert wanted in many
        plan = planner.plan(Instance(sql), Configuration(frozenset({wanted})))
        assert wanted.name in plan.indexes, sql
        assert wanted.name not in planner.plan(Instance(sql)).indexes


def test_an_order_is_read_as_far_as_the_sample_says(pair: tuple[Shop, ScratchPlanner]) -> None:
    # no index serves the condition, and the optimiser guesses that a third of all rows fit, wherever they are
    _, planner = pair
    last = Instance("SELECT id, status FROM orders WHERE total + 0 > 980 ORDER BY total LIMIT 5")
    few = Instance("SELECT id, status FROM orders WHERE total + 0 < 980 ORDER BY total LIMIT 5")
    planner.prepare([BY_TOTAL])
    with_order = Configuration(frozenset({BY_TOTAL}))
    far, near = planner.plan(last, with_order), planner.plan(few, with_order)
    assert near.indexes == far.indexes == {BY_TOTAL.name}
    assert near.cost < planner.plan(few).cost / 10
    assert far.cost > 20 * near.cost


def test_an_order_is_read_until_all_rows_of_limit_fit(pair: tuple[Shop, ScratchPlanner]) -> None:
    # one row in 77 fits, and the optimiser says that of the ten it reads a tenth do
    _, planner = pair
    by_quantity = index("items", "quantity")
    planner.prepare([by_quantity])
    plan = planner.plan(
        Instance("SELECT order_id, line, product FROM items WHERE price = 33 ORDER BY quantity LIMIT 10"),
        Configuration(frozenset({by_quantity})),
    )
    assert plan.indexes == {by_quantity.name}
    read = next(node for node in plan.root.walk() if node.index == by_quantity.name)
    assert read.examined_rows is not None
    assert 770 / 8 < read.examined_rows < 770 * 8  # by 600 sampled rows, of which some eight fit


def test_a_row_that_is_looked_up_is_made_of_one_that_meets_the_other_conditions(
    pair: tuple[Shop, ScratchPlanner],
) -> None:
    _, planner = pair
    for row in (5951, 5963, 5972):  # no sample holds all of them
        plan = planner.plan(Instance(f"SELECT status FROM orders WHERE id = {row} AND total > 900 AND status = 'paid'"))
        assert any(node.access in ("const", "eq_ref") for node in plan.root.walk())


@pytest.mark.parametrize(
    ("condition", "limit", "least", "most"),
    [
        ("total % 50 = 4", 50, 0.08, 1.0),  # one row in ten fits, and the optimiser says that all do
        ("total = 504", 2, 0.01, 1.0),  # six rows in all, of which the sample has one or none
    ],
)
def test_a_lookup_is_read_until_all_rows_of_limit_fit(
    pair: tuple[Shop, ScratchPlanner], condition: str, limit: int, least: float, most: float
) -> None:
    _, planner = pair
    by_status = index("orders", "status", "placed")
    planner.prepare([by_status])
    sql = f"SELECT agent FROM orders WHERE status = 'lost' AND {condition} ORDER BY placed"
    whole, part = (
        planner.plan(Instance(text), Configuration(frozenset({by_status}))) for text in (sql, f"{sql} LIMIT {limit}")
    )
    assert part.indexes == {by_status.name}
    assert least < part.cost / whole.cost <= most


def test_limit_does_not_choose_the_order_of_a_join(pair: tuple[Shop, ScratchPlanner]) -> None:
    # read by total, five rows would soon be found; but the server goes by the join of all rows
    shop, planner = pair
    planner.prepare([BY_TOTAL])
    sql = (
        "SELECT o.id, i.price FROM orders o JOIN items i ON i.order_id = o.id"
        " WHERE i.product BETWEEN 3 AND 23 AND o.total < 900 ORDER BY o.total LIMIT 5"
    )
    plan = planner.plan(Instance(sql), Configuration(frozenset({BY_TOTAL})))
    with built(shop, BY_TOTAL):
        true = truth(shop, sql)
    assert accesses(plan) == accesses(true) == [("i", "by_product"), ("o", "PRIMARY")]


def test_it_is_proven_and_says_what_was_corrected(pair: tuple[Shop, ScratchPlanner]) -> None:
    shop, planner = pair
    family = "MySQL" if shop.server.family == "mysql" else "MariaDB"
    assert planner.confidence == "proven" and planner.name.startswith(f"scratch ({family} ")
    planner.plan(Instance("SELECT * FROM orders WHERE total BETWEEN 300 AND 400"), Configuration(frozenset({BY_TOTAL})))
    assert any(limit.what == "costs of ranges" for limit in planner.limits)


def test_sizes(pair: tuple[Shop, ScratchPlanner]) -> None:
    shop, planner = pair
    for new in (BY_TOTAL, index("orders", "status", "placed"), index("customers", "name", "city")):
        with built(shop, new), shop.server.connect("mysql") as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT stat_value * @@innodb_page_size FROM innodb_index_stats"
                " WHERE database_name = 'shop' AND index_name = %s AND stat_name = 'size'",
                (new.name,),
            )
            assert planner.index_bytes(new) == pytest.approx(float(cursor.fetchall()[0][0]), rel=0.2)


def test_a_sample_tells_how_many_rows_there_are(mysql_shop: Shop) -> None:
    url, snapshot = snapshot_of(mysql_shop)
    orders = snapshot.table(QualifiedName("shop", "orders"))
    assert orders is not None
    with read_only_session(url) as session:
        for believed in (3000.0, 12000.0):  # statistics that are off by half
            drawn = sample(session, orders, believed, 600)
            assert drawn.of == pytest.approx(6000, rel=0.3)
            assert len(drawn.rows) <= 600
        assert sample(session, orders, 6000.0, 10_000).of == 6000


def test_rows_made_from_statistics(folder: Path, mysql_shop: Shop) -> None:
    _, snapshot = snapshot_of(mysql_shop)
    with programs("mysql", folder), ScratchPlanner.open(snapshot) as planner:
        assert any("no row left production" in limit.why for limit in planner.limits)
        assert planner.confidence == "proven"
        by_both = index("orders", "customer", "agent")
        wanted = Instance("SELECT * FROM orders WHERE customer = 7 AND agent = 5")
        assert planner.plan(wanted, Configuration(frozenset({by_both}))).indexes == {by_both.name}
        assert planner.confidence == "proven"  # both columns begin an index that is there
        planner.prepare([BY_TOTAL])
        assert planner.confidence == "estimated"
        joined = planner.plan(Instance(NO_INDEX_NEEDED[2]))
        assert joined.cost == pytest.approx(truth(mysql_shop, NO_INDEX_NEEDED[2]).cost, rel=0.2)


def test_mariadb_10_has_costs_by_dbtune(folder: Path, old_mariadb_shop: Shop) -> None:
    url, snapshot = snapshot_of(old_mariadb_shop)
    assert not server_version(snapshot.server.mysql.version_text).has(MySQLAbility.EXPLAIN_JSON_COST)  # type: ignore[union-attr]
    with programs("mariadb-10.11", folder), ScratchPlanner.open(snapshot, url) as planner:
        sql = WHAT_IFS[0][0]
        before, after = planner.plan(Instance(sql)), planner.plan(Instance(sql), Configuration(frozenset({BY_TOTAL})))
        assert after.indexes == {BY_TOTAL.name} and 0 < after.cost < before.cost / 5
        join = planner.plan(Instance(NO_INDEX_NEEDED[2]))
        assert join.cost > planner.plan(Instance("SELECT * FROM customers WHERE city = 'city 3'")).cost > 0


def test_nothing_is_left(folder: Path, mysql_shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, snapshot = snapshot_of(mysql_shop)
    short = Path("/tmp", f"dbtune-test-left-{os.getpid()}")
    short.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(short))
    with programs("mysql", folder), ScratchPlanner.open(snapshot) as planner:
        (made,) = short.iterdir()
        process = int((made / "pid").read_text())
        assert planner.plan(Instance("SELECT 1")).root.type == "Result"
    assert list(short.iterdir()) == []
    assert not Path("/proc", str(process)).exists()
    short.rmdir()


def test_a_scratch_server_by_url(mariadb: MySQLServer, mysql_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, snapshot = snapshot_of(mysql_shop)
    monkeypatch.setenv(SCRATCH_URL_VARIABLE, mariadb.url)
    with pytest.raises(PlannerUnavailable, match="MariaDB"):
        ScratchPlanner.open(snapshot)
    monkeypatch.setenv(SCRATCH_URL_VARIABLE, mysql_shop.server.url)
    with pytest.raises(PlannerUnavailable, match="database shop already"):
        ScratchPlanner.open(snapshot)
    monkeypatch.setenv(SCRATCH_URL_VARIABLE, "mysql://root@127.0.0.1:1/")
    with pytest.raises(PlannerUnavailable, match="cannot be used"):
        ScratchPlanner.open(snapshot)
    monkeypatch.setenv(SCRATCH_URL_VARIABLE, "postgresql://x/y")
    with pytest.raises(PlannerUnavailable, match="mysql://"):
        ScratchPlanner.open(snapshot)


def test_a_scratch_server_is_left_as_it_was(mysql: MySQLServer) -> None:
    fill(mysql, "elsewhere")
    url = parse_target(mysql.url + "elsewhere")
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    mysql.run("DROP DATABASE elsewhere")
    before = state(mysql)
    with ScratchPlanner.open(snapshot, scratch=mysql.url) as planner:
        assert planner.plan(Instance("SELECT * FROM orders WHERE customer = 7")).indexes == {"by_customer"}
        assert state(mysql) != before
    assert state(mysql) == before


def state(server: MySQLServer) -> list[object]:
    found: list[object] = []
    with server.connect() as connection, connection.cursor() as cursor:
        for query in ("SHOW DATABASES", "SELECT cost_name, cost_value FROM mysql.engine_cost",
                      "SELECT cost_name, cost_value FROM mysql.server_cost"):  # fmt: skip
            cursor.execute(query)
            found.append(sorted(map(str, cursor.fetchall())))
    return found


def test_no_server_says_what_to_do(mysql_shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, snapshot = snapshot_of(mysql_shop)
    monkeypatch.delenv(SCRATCH_URL_VARIABLE, raising=False)
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host.available_programs", lambda: ())
    monkeypatch.setattr("dbtune.planner.mysql.scratch.host._in_container", lambda server: None)
    with pytest.raises(PlannerUnavailable, match=SCRATCH_URL_VARIABLE):
        ScratchPlanner.open(snapshot)
