"""Which changes of plans are called safe: by hand-made plans, and on a real database whose estimates go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.model.risk import PlanRisk
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.robustness.known import Known
from dbtune.planner.robustness.places import columns_of, is_guess, places
from dbtune.planner.robustness.recosting import Misestimate, cost_under
from dbtune.planner.robustness.risk import break_evens, plan_risk, worst_risk
from dbtune.planner.robustness.scattered import scattered_reads
from dbtune.planner.robustness.sizes import ColumnSpread, Sizes, TableSize
from dbtune.planner.robustness.tree import tree_of


def table(name: str) -> QualifiedName:
    return QualifiedName("public", name)


def seq_scan(name: str, cost: float, rows: float, condition: str | None = None, role: str = "Outer") -> PlanNode:
    return PlanNode(
        "Seq Scan", 0, cost, rows, relation=table(name), alias=name, filter=condition, parent_relationship=role
    )


def index_scan(name: str, cost: float, rows: float, condition: str, role: str = "Inner") -> PlanNode:
    return PlanNode(
        "Index Scan", 0.3, cost, rows, relation=table(name), alias=name, index=f"{name}_i", index_condition=condition,
        parent_relationship=role,
    )  # fmt: skip


def hash_join(outer: PlanNode, inner: PlanNode, rows: float) -> PlanNode:
    built = PlanNode(
        "Hash", inner.total_cost, inner.total_cost, inner.rows, parent_relationship="Inner", children=(inner,)
    )
    total = outer.total_cost + inner.total_cost + 0.0025 * outer.rows + 0.0125 * inner.rows + 0.01 * rows
    return PlanNode("Hash Join", inner.total_cost, total, rows, join_type="Inner", children=(outer, built))


def nested_loop(outer: PlanNode, inner: PlanNode, rows: float) -> PlanNode:
    total = outer.total_cost + outer.rows * inner.total_cost + 0.01 * rows
    return PlanNode("Nested Loop", 0.3, total, rows, join_type="Inner", children=(outer, inner))


GUESS = "(orders.note ~~ '%x%'::text)"
KNOWN = "(orders.id = 7)"


def star(condition: str, rows: float) -> tuple[Plan, Plan]:
    """A join of few orders with their items: by hashing all items, and by looking each order's up."""
    orders = seq_scan("orders", 1000, rows, condition)
    old = hash_join(seq_scan("items", 20_000, 1_000_000), replace(orders, parent_relationship="Inner"), rows * 10)
    new = nested_loop(orders, index_scan("items", 25, 10, "(items.order_id = orders.id)"), rows * 10)
    return Plan(old), Plan(new)


def risk(before: Plan, after: Plan, sizes: Sizes | None = None, known: Known | None = None) -> PlanRisk:
    found = plan_risk(before, after, sizes or Sizes(), known)
    assert found is not None
    return found


def test_a_lookup_behind_a_guess_is_risky_and_says_from_when() -> None:
    old, new = star(GUESS, 100)
    found = risk(old, new)
    assert found.level == "risky"
    assert found.relations == ("orders",)
    assert found.factor is not None and 8 < found.factor < 10
    assert found.reason.startswith("loses from ") and "of orders than estimated (a guessed selectivity)" in found.reason


def test_the_same_behind_a_value_that_the_statistics_know_is_safe() -> None:
    found = risk(*star(KNOWN, 10))
    assert found.level == "safe"
    assert found.factor is not None and found.factor > 50
    assert found.reason.startswith("holds until ")


def test_at_the_break_even_both_plans_cost_the_same() -> None:
    old, new = star(GUESS, 100)
    for one in break_evens(old, new):
        scenario = (Misestimate(one.place.relations, one.factor),)
        assert cost_under(new, scenario) == pytest.approx(cost_under(old, scenario), rel=0.02)


def test_an_error_larger_than_the_table_is_none() -> None:
    old, new = star(GUESS, 100)
    orders = Sizes({table("orders"): TableSize(300, 100)})
    assert not [one for one in break_evens(old, new, orders) if one.place.relations == {"orders"}]


def test_the_same_plan_has_no_risk_and_a_dearer_one_is_risky() -> None:
    old, new = star(KNOWN, 10)
    assert plan_risk(old, old) is None
    assert risk(new, old).level == "risky"
    assert "dearer" in risk(new, old).reason


def test_a_plan_that_stays_cheap_is_safe_though_it_is_dearer() -> None:
    wider = Plan(index_scan("orders", 12.4, 3, "(orders.id = 7)"))
    narrow = Plan(replace(index_scan("orders", 9.9, 3, "(orders.id = 7)"), index="narrow"))
    assert risk(narrow, wider).level == "safe"
    assert "25% dearer" in risk(narrow, wider).reason


def test_a_gain_within_the_cost_models_error_is_risky_but_for_another_index_read_alike() -> None:
    before = Plan(seq_scan("orders", 1000, 100))
    slightly = Plan(replace(index_scan("orders", 950, 100, ""), index_condition=None))
    assert risk(before, slightly).level == "risky"
    assert "only 5% cheaper" in risk(before, slightly).reason
    other_index = replace(slightly.root, index="better", total_cost=930)
    assert risk(slightly, Plan(other_index)).level == "safe"


def test_fewer_rows_can_make_a_plan_lose_too() -> None:
    scan = index_scan("orders", 10_000, 5000, "(orders.state = 1)", "Outer")
    sort = PlanNode("Sort", 10_500, 10_600, 5000, sort_keys=("placed",), children=(scan,))
    old = Plan(PlanNode("Limit", 10_500, 10_500, 10, children=(sort,)))
    in_order = PlanNode(
        "Index Scan", 0.3, 100_000, 5000, relation=table("orders"), alias="orders", index="placed",
        filter="((orders.note ~~ '%x%'::text) AND (orders.state = 1))",
    )  # fmt: skip
    new = Plan(PlanNode("Limit", 0.3, 200.3, 10, children=(in_order,)))
    found = risk(old, new)
    assert found.level == "risky"
    assert found.factor is not None and found.factor < 1
    assert "times fewer rows of orders" in found.reason


def test_rows_that_were_seen_count_more_than_any_guess() -> None:
    old, new = star(KNOWN, 10)
    orders = frozenset({"orders"})
    known = Known({orders: 500.0}, ((Misestimate(orders, 500.0),),))
    found = risk(old, new, known=known)
    assert (found.level, found.known) == ("risky", 500.0)
    assert found.reason.startswith("there were 500 times more rows of orders than estimated, and it loses from ")
    harmless = Known({orders: 1.5}, ((Misestimate(orders, 1.5),),))
    assert risk(old, new, known=harmless).level == "safe"


def test_pages_that_the_planner_does_not_charge_for_are_seen() -> None:
    # 400 lookups, priced as if there were 40,000 that share what they read: a fortieth of the pages each
    outer = seq_scan("orders", 100, 400, KNOWN)
    new = Plan(nested_loop(outer, index_scan("items", 12, 600, "(items.part = orders.part)"), 400))
    parts = TableSize(6_000_000, 100_000, columns={"part": ColumnSpread(10_000, 0.0)})
    sizes = Sizes({table("items"): parts})
    (read,) = scattered_reads(tree_of(new), sizes)
    assert (read.alias, read.loops) == ("items", 400)
    assert read.excess > 100_000
    in_order = Sizes({table("items"): replace(parts, columns={"part": ColumnSpread(10_000, 1.0)})})
    assert not [one for one in scattered_reads(tree_of(new), in_order) if one.excess > 10_000]
    before = Plan(replace(hash_join(seq_scan("items", 60_000, 6_000_000), outer, 400), total_cost=90_000))
    found = risk(before, new, sizes)
    assert found.level == "risky" and "scattered pages of items" in found.reason


def test_the_doubt_grows_with_joins_conditions_and_guesses() -> None:
    def doubt(condition: str) -> float:
        (place,) = places(tree_of(Plan(seq_scan("orders", 1, 1, condition))))
        return place.doubt

    assert 1 < doubt(KNOWN) < doubt("((orders.a = 1) AND (orders.b = 2))") < doubt(GUESS)
    assert doubt("((orders.a >= 1) AND (orders.a < 7))") == doubt(KNOWN)
    old, new = star(KNOWN, 10)
    doubts = {place.relations: place.doubt for place in places(tree_of(old), tree_of(new))}
    assert doubts[frozenset({"orders", "items"})] > doubts[frozenset({"orders"})]
    # a scan of a whole table is no place of errors
    assert frozenset({"items"}) not in doubts


@pytest.mark.parametrize(
    ("condition", "guess"),
    [
        ("(o.a = 5)", False),
        ("(o.state = 'a(b) ~~ c'::text)", False),
        ("(o.created >= '2024-01-01 00:00:00'::timestamp without time zone)", False),
        ("(o.state = ANY ('{1,2}'::integer[]))", False),
        ("((o.a = 1) OR (o.b = 2))", False),
        ("((o.name)::text = 'x'::text)", False),
        ("(o.name ~~ '%x%'::text)", True),
        ("(o.name !~~* 'x'::text)", True),
        ("(lower(o.name) = 'x'::text)", True),
        ("(o.a > o.b)", True),
        ("(o.a = $1)", True),
        ("(o.data @> '{}'::jsonb)", True),
        ("(hashed SubPlan 1)", True),
    ],
)
def test_guesses_are_told_from_what_statistics_know(condition: str, guess: bool) -> None:
    assert is_guess(condition) is guess


def test_columns_of_a_condition() -> None:
    assert columns_of("((o.\"A b\" = 1) AND (o.c IS NULL) AND ((o.d)::text = 'e'::text))") == {'"A b"', "c", "d"}


def test_the_worst_of_several_executions_is_told() -> None:
    safe, risky = PlanRisk("safe", "s", 100.0), PlanRisk("risky", "r", 4.0)
    assert worst_risk([safe, None, risky]) == risky
    assert worst_risk([PlanRisk("safe", "s"), safe]) == safe
    assert worst_risk([None]) is None


SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, country text, city text, total int);
CREATE TABLE items (order_id int, product int);
-- the city gives the country: both together are as frequent as the city alone
INSERT INTO orders SELECT i, 'country' || (i % 100) / 10, 'city' || i % 100, i FROM generate_series(1, 60000) i;
INSERT INTO items SELECT 1 + i % 60000, i FROM generate_series(1, 300000) i;
ANALYZE;
"""
CORRELATED = (
    "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.country = 'country4' AND o.city = 'city42'"
    " AND o.total % 2 = 0"
)
BY_KEY = "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.id = 77"


def test_on_a_real_database(make_database: Callable[..., str]) -> None:
    with psycopg.connect(make_database(SCHEMA), autocommit=True) as session:

        def plan(sql: str) -> Plan:
            return read_plan(session.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + sql.encode()).fetchone()[0])

        before = {sql: plan(sql) for sql in (CORRELATED, BY_KEY)}
        session.execute("CREATE INDEX ON items (order_id)")
        found = {sql: plan_risk(before[sql], plan(sql)) for sql in (CORRELATED, BY_KEY)}
    by_key, correlated = found[BY_KEY], found[CORRELATED]
    assert by_key is not None and by_key.level == "safe"
    assert correlated is not None and correlated.relations[-1] == "o"
