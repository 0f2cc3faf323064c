"""What-if indexes against the same indexes really built."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest

from dbtune.ddl.indexes import create_index, drop_index
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.shadow.shadow import ShadowPlanner
from tests.planner.shadow.conftest import Production

ORDERS, CUSTOMERS = QualifiedName("public", "orders"), QualifiedName("public", "customers")
LINES, EVENTS = QualifiedName("Odd Names", "Order Lines"), QualifiedName("public", "events")


def index(name: str, table: QualifiedName, *columns: str, **details: object) -> Index:
    return Index(name, table, tuple(IndexKey(column) for column in columns), **details)  # type: ignore[arg-type]


CASES = [
    (index("w_total", ORDERS, "total"), "SELECT * FROM orders WHERE total = 77.5"),
    (index("w_note", ORDERS, "note", "total"), "SELECT total FROM orders WHERE note = 'note 500'"),
    (index("w_duplicates", ORDERS, "state"), "SELECT count(*) FROM orders WHERE state = 'returned'"),
    (index("w_state_total", ORDERS, "state", "total"), "SELECT * FROM orders WHERE state = 'paid' AND total > 990"),
    (index("w_cover", ORDERS, "placed_at", include=("total",)),
     "SELECT sum(total) FROM orders WHERE placed_at BETWEEN '2023-05-01' AND '2023-05-20'"),
    (index("w_new", ORDERS, "placed_at", predicate="state = 'new'"),
     "SELECT * FROM orders WHERE state = 'new' AND placed_at > '2024-04-20' ORDER BY placed_at"),
    (index("w_lines", LINES, "sku", "quantity"),
     'SELECT quantity FROM "Odd Names"."Order Lines" WHERE sku = \'sku17\''),
    (index("w_born", CUSTOMERS, "born"), "SELECT * FROM customers WHERE born = '1977-03-01'"),
    (index("w_born_cover", CUSTOMERS, "born", include=("name",)),
     "SELECT name FROM customers WHERE born < '1951-01-01'"),
    (index("w_score", CUSTOMERS, "score", "state"), "SELECT count(*) FROM customers WHERE score = 9 AND state = 'CA'"),
    (index("w_tree", EVENTS, "kind", "at"), "SELECT * FROM events WHERE kind = 'buy' AND at < '2023-03-05'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def planner(shop: Production, open_shadow: Callable[[Snapshot], ShadowPlanner]) -> ShadowPlanner:
    """With half of the what-if indexes prepared before the first plan and half after it."""
    planner = open_shadow(shop.snapshot)
    candidates = [candidate for candidate, _ in CASES]
    assert planner.prepare(candidates[:5]) == tuple(candidates[:5])
    planner.plan(Instance(CASES[0][1]))
    assert planner.prepare(candidates) == tuple(candidates)
    return planner


def test_costs_are_those_of_real_indexes(shop: Production, planner: ShadowPlanner) -> None:
    errors = {}
    for candidate, sql in CASES:
        predicted = planner.plan(Instance(sql), Configuration(frozenset({candidate})))
        shop.session.execute(create_index(candidate, concurrently=False).encode())
        real = shop.explain(sql)
        shop.session.execute(drop_index(candidate.qualified_name, concurrently=False).encode())
        assert predicted.indexes == {candidate.name}, sql
        assert [node.type for node in predicted.root.walk()] == [node.type for node in real.root.walk()]
        errors[candidate.name] = abs(predicted.cost - real.cost) / real.cost
    assert statistics.median(errors.values()) <= 1e-3, errors
    assert max(errors.values()) <= 0.05, errors


def test_switched_off_they_change_nothing(shop: Production, planner: ShadowPlanner) -> None:
    for candidate, sql in CASES:
        planner.plan(Instance(sql), Configuration(frozenset({candidate})))
        plan = planner.plan(Instance(sql), EMPTY_CONFIGURATION)
        assert candidate.name not in plan.indexes
        assert plan.cost == pytest.approx(shop.explain(sql).cost, rel=1e-6)


def test_many_at_once_and_one_by_one_agree(planner: ShadowPlanner) -> None:
    for candidate, sql in CASES[:4]:
        alone = planner.plan(Instance(sql), Configuration(frozenset({candidate})))
        others = frozenset(other for other, _ in CASES if other.table != candidate.table)
        assert planner.plan(Instance(sql), Configuration(others | {candidate})).shape == alone.shape


def test_dropping_an_existing_index(planner: ShadowPlanner) -> None:
    sql = "SELECT * FROM orders WHERE customer_id = 99 ORDER BY placed_at DESC LIMIT 5"
    with_index = planner.plan(Instance(sql))
    dropped = Configuration().dropping(QualifiedName("public", "orders_customer"))
    without = planner.plan(Instance(sql), dropped)
    assert with_index.indexes == {"orders_customer"}
    assert "orders_customer" not in without.indexes
    assert without.cost > 2 * with_index.cost
    assert planner.plan(Instance(sql)).cost == with_index.cost


def test_dropping_the_index_of_a_partitioned_table(planner: ShadowPlanner) -> None:
    sql = "SELECT * FROM events WHERE customer_id = 5"
    assert planner.plan(Instance(sql)).indexes
    dropped = Configuration().dropping(QualifiedName("public", "events_customer"))
    assert not planner.plan(Instance(sql), dropped).indexes


def test_an_index_replaces_another(planner: ShadowPlanner) -> None:
    better = index("w_total_first", ORDERS, "customer_id", "total")
    configuration = Configuration(frozenset({better})).dropping(QualifiedName("public", "orders_customer"))
    plan = planner.plan(Instance("SELECT * FROM orders WHERE customer_id = 9 AND total = 5"), configuration)
    assert plan.indexes == {"w_total_first"}


def test_what_the_server_refuses_is_left_out(planner: ShadowPlanner) -> None:
    bad = Index("w_bad", ORDERS, (IndexKey("note", opclass=QualifiedName("public", "no_such_ops")),))
    good = index("w_good", ORDERS, "state", "placed_at")
    assert planner.prepare([bad, good]) == (good,)
    assert [limit.what for limit in planner.limits if "w_bad" in limit.what] == ["what-if index w_bad"]
    plan = planner.plan(
        Instance("SELECT * FROM orders WHERE state = 'new' ORDER BY placed_at LIMIT 1"),
        Configuration(frozenset({good})),
    )
    assert plan.indexes == {"w_good"}


def test_a_unique_what_if_index_proves_uniqueness(shop: Production, planner: ShadowPlanner) -> None:
    unique = index("w_unique", CUSTOMERS, "token", unique=True)
    plan = planner.plan(
        Instance("SELECT * FROM customers WHERE token = '00000000-0000-0000-0000-000000000000'"),
        Configuration(frozenset({unique})),
    )
    assert (plan.indexes, plan.root.rows) == ({"w_unique"}, 1)
    assert planner.index_bytes(unique) > 8192


def test_other_access_methods(planner: ShadowPlanner) -> None:
    gin = index("w_gin", EVENTS, "payload", method="gin")
    brin = index("w_brin", EVENTS, "at", method="brin")
    hashed = index("w_hash", ORDERS, "total", method="hash")
    assert planner.prepare([gin, brin, hashed]) == (gin, brin, hashed)
    for candidate, sql in (
        (gin, "SELECT * FROM events WHERE payload @> '{\"n\": 7}'"),
        (hashed, "SELECT * FROM orders WHERE total = 5"),
    ):
        plan = planner.plan(Instance(sql), Configuration(frozenset({candidate})))
        assert plan.indexes == {candidate.name}
        assert plan.cost < planner.plan(Instance(sql)).cost
