"""Plans costed under misestimates: held against the real planner, which is told the same of its statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.robustness.recosting import Misestimate, Recosting, cost_under, worst_cost
from dbtune.planner.robustness.sizes import Sizes, TableSize
from dbtune.planner.robustness.tree import conjuncts, referenced, tree_of

SCHEMA = """
CREATE TABLE customers (id int PRIMARY KEY, country text);
CREATE TABLE orders (id int PRIMARY KEY, customer_id int, state int, placed date, note text);
CREATE TABLE items (order_id int, product int, price numeric);
INSERT INTO customers SELECT i, CASE WHEN i % 50 = 0 THEN 'CH' ELSE 'DE' END FROM generate_series(1, 4000) i;
-- state 1: 100 rows, state 2: 2,000 rows, state 3: 10,000 rows, state 0: the rest
INSERT INTO orders SELECT i, 1 + i * 7 % 4000,
    CASE WHEN i % 400 = 0 THEN 1 WHEN i % 20 = 3 THEN 2 WHEN i % 4 = 2 THEN 3 ELSE 0 END,
    date '2024-01-01' + i % 365, repeat('x', 60) FROM generate_series(1, 40000) i;
INSERT INTO items SELECT 1 + i % 40000, i % 500, i FROM generate_series(1, 120000) i;
CREATE INDEX orders_state ON orders (state);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX items_order ON items (order_id);
VACUUM ANALYZE;
"""

STATEMENTS = (
    "SELECT * FROM orders WHERE state = 1",
    "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.state = 1",
    "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.note LIKE '%y%'",
    "SELECT c.country, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id"
    " JOIN items i ON i.order_id = o.id WHERE c.country = 'CH' AND o.state = 3 GROUP BY c.country ORDER BY 2 DESC",
    "SELECT * FROM orders WHERE note LIKE '%y%' ORDER BY placed LIMIT 10",
    "SELECT * FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.state = 2)",
    "SELECT * FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.state = 2)",
    "SELECT *, (SELECT max(price) FROM items i WHERE i.order_id = o.id) FROM orders o WHERE o.state = 2",
    "SELECT * FROM orders WHERE id IN (SELECT order_id FROM items WHERE product = 7) AND state = 3",
    "SELECT * FROM orders WHERE placed = (SELECT max(placed) FROM orders WHERE state = 1)",
    "WITH big AS MATERIALIZED (SELECT order_id, sum(price) s FROM items GROUP BY 1) SELECT * FROM big WHERE s > 1000",
    "SELECT * FROM customers c LEFT JOIN orders o ON o.customer_id = c.id AND o.state = 1 LIMIT 50",
    "SELECT state FROM orders UNION SELECT product FROM items",
    "SELECT o.*, row_number() OVER (PARTITION BY state ORDER BY placed) FROM orders o WHERE state IN (1, 2)",
    "UPDATE orders SET note = 'z' WHERE state = 1",
)

SWITCHES = (
    "",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off; SET enable_hashjoin = off",
    "SET enable_nestloop = off",
)


@pytest.fixture(scope="module")
def session(make_module_database: Callable[[str], str]) -> psycopg.Connection:
    with psycopg.connect(make_module_database(SCHEMA), autocommit=True) as connection:
        yield connection


def plan_of(session: psycopg.Connection, sql: str, *switches: str) -> Plan:
    session.execute(b"RESET ALL")
    for switch in switches:
        if switch:
            session.execute(switch.encode())
    return read_plan(session.execute(b"EXPLAIN (FORMAT JSON, VERBOSE) " + sql.encode()).fetchone()[0])


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("sql", STATEMENTS)
def test_without_a_misestimate_it_is_the_planners_cost(session: psycopg.Connection, sql: str, switch: str) -> None:
    plan = plan_of(session, sql, switch)
    assert cost_under(plan, ()) == pytest.approx(plan.cost)


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("sql", STATEMENTS)
def test_more_rows_never_cost_less(session: psycopg.Connection, sql: str, switch: str) -> None:
    plan = plan_of(session, sql, switch)
    recosting = Recosting(plan)
    limited = any(node.type == "Limit" for node in plan.root.walk())  # stops sooner where more rows fit
    for node in recosting.tree.walk():
        if node.aliases and not limited:
            costs = [recosting.cost((Misestimate(node.aliases, factor),)) for factor in (0.1, 1.0, 10.0, 100.0)]
            assert all(one <= another * (1 + 1e-9) for one, another in pairwise(costs)), costs


ONE = "SELECT * FROM orders WHERE state = {}"
TWO = "SELECT * FROM orders o JOIN items i ON i.order_id = o.id WHERE o.state = {}"
BY_INDEX = "SET enable_seqscan = off; SET enable_bitmapscan = off"
SERIAL = "SET max_parallel_workers_per_gather = 0; SET enable_mergejoin = off"

PAIRS = (
    # the same statement with a rare and a frequent value: the planner knows both
    (ONE, BY_INDEX, "orders"),
    (f"{ONE} ORDER BY placed", BY_INDEX, "orders"),
    (ONE, "SET enable_indexscan = off; SET enable_bitmapscan = off", "orders"),
    (TWO, f"{BY_INDEX}; {SERIAL}; SET enable_hashjoin = off; SET enable_material = off; SET enable_memoize = off", "o"),
    (TWO, f"{SERIAL}; SET enable_nestloop = off; SET enable_indexscan = off; SET enable_bitmapscan = off", "o"),
)


@pytest.mark.parametrize(("sql", "switches", "alias"), PAIRS)
def test_it_comes_near_what_the_planner_says_of_as_many_rows(
    session: psycopg.Connection, sql: str, switches: str, alias: str
) -> None:
    few = plan_of(session, sql.format(1), switches)
    many = plan_of(session, sql.format(3), switches)
    assert [n.type for n in few.root.walk()] == [n.type for n in many.root.walk()]

    def rows(plan: Plan) -> float:
        return next(n.rows for n in plan.root.walk() if n.alias == alias and "Bitmap Index" not in n.type)

    scenario = (Misestimate(frozenset({alias}), rows(many) / rows(few)),)
    tables = {"orders": TableSize(40_000, 500), "items": TableSize(120_000, 650)}
    sizes = Sizes({QualifiedName("public", name): size for name, size in tables.items()})
    assert many.cost / 2.5 < cost_under(few, scenario, sizes) < many.cost * 2.5


def test_the_inner_side_of_a_nested_loop_is_executed_for_each_row() -> None:
    plan = Plan(nested_loop(outer_rows=10, inner_cost=8.0))
    once = cost_under(plan, ())
    often = cost_under(plan, (Misestimate(frozenset({"o"}), 100.0),))
    assert often == pytest.approx(100 * (once - 100) + 100, rel=0.01)  # the outer side is a scan of all: it stays


def test_the_inner_scan_reads_no_page_of_a_small_table_twice() -> None:
    plan = Plan(nested_loop(outer_rows=100, inner_cost=8.0))
    small = Sizes({QualifiedName("public", "items"): TableSize(1_000, 10)})
    scenario = (Misestimate(frozenset({"o"}), 100.0),)
    assert cost_under(plan, scenario, small) < 0.2 * cost_under(plan, scenario)


def test_no_scan_finds_more_rows_than_the_table_has() -> None:
    scan = PlanNode("Index Scan", 0.3, 8.3, 10, relation=QualifiedName("public", "t"), alias="t", index="i")
    plan = Plan(PlanNode("Sort", 9.0, 9.1, 10, children=(scan_with(scan, "(t.a = 1)"),)))
    sizes = Sizes({QualifiedName("public", "t"): TableSize(20, 3)})
    twice, often = (cost_under(plan, (Misestimate(frozenset({"t"}), factor),), sizes) for factor in (2.0, 1000.0))
    assert often == twice


def test_a_misestimate_of_a_join_makes_the_inner_index_scan_find_more() -> None:
    plan = Plan(nested_loop(outer_rows=10, inner_cost=8.0))
    more = cost_under(plan, (Misestimate(frozenset({"o", "i"}), 10.0),))
    assert more > 4 * cost_under(plan, ())


def test_a_limit_reads_on_where_fewer_rows_fit() -> None:
    scan = PlanNode("Seq Scan", 0.0, 1000.0, 1000, relation=QualifiedName("public", "t"), alias="t", filter="(t.a = 1)")
    plan = Plan(PlanNode("Limit", 0.0, 10.0, 10, children=(scan,)))
    assert cost_under(plan, (Misestimate(frozenset({"t"}), 0.1),)) == pytest.approx(100.0)
    assert cost_under(plan, (Misestimate(frozenset({"t"}), 0.0001),)) == pytest.approx(1000.0)
    assert cost_under(plan, (Misestimate(frozenset({"t"}), 10.0),)) == pytest.approx(1.0)


def test_misestimates_that_hold_together_multiply() -> None:
    plan = Plan(nested_loop(outer_rows=10, inner_cost=8.0))
    one = Misestimate(frozenset({"o"}), 10.0)
    other = Misestimate(frozenset({"o", "i"}), 10.0)
    assert cost_under(plan, (one, other)) > max(cost_under(plan, (one,)), cost_under(plan, (other,)))
    assert worst_cost(plan, [(), (one,), (other,)]) == max(cost_under(plan, s) for s in [(), (one,), (other,)])
    assert worst_cost(plan, []) == plan.cost


def test_conditions_are_taken_apart_and_read() -> None:
    text = "((o.a = 'x AND y'::text) AND ((o.b > 1) OR (o.c < 2 AND o.d = 1)) AND (\"O 2\".e = i.f))"
    assert conjuncts(text) == [
        "(o.a = 'x AND y'::text)",
        "((o.b > 1) OR (o.c < 2 AND o.d = 1))",
        '("O 2".e = i.f)',
    ]
    assert set(referenced(text)) == {"o", "O 2", "i"}
    assert list(referenced("(o.a = 'b.c'::text)")) == ["o"]


@given(st.text(alphabet="()'\" ANDabc=.", max_size=40))
@settings(max_examples=200)
def test_no_condition_is_too_odd_to_be_read(text: str) -> None:
    assert all(part for part in conjuncts(text))
    list(referenced(text))


def test_relations_below_subplans_are_not_the_nodes_own() -> None:
    inner = PlanNode("Seq Scan", 0, 5, 1, alias="b", parent_relationship="SubPlan", subplan_name="SubPlan 1")
    tree = tree_of(Plan(PlanNode("Seq Scan", 0, 500, 10, alias="a", filter="(SubPlan 1)", children=(inner,))))
    assert tree.aliases == {"a"}
    assert [node.source.alias for node in tree.walk()] == ["a", "b"]


def nested_loop(outer_rows: float, inner_cost: float) -> PlanNode:
    outer = PlanNode(
        "Seq Scan", 0.0, 100.0, outer_rows, relation=QualifiedName("public", "orders"), alias="o",
        filter="(o.note ~~ '%y%'::text)", parent_relationship="Outer",
    )  # fmt: skip
    inner = PlanNode(
        "Index Scan", 0.3, inner_cost, 3, relation=QualifiedName("public", "items"), alias="i", index="items_order",
        index_condition="(i.order_id = o.id)", parent_relationship="Inner",
    )  # fmt: skip
    total = 100.0 + outer_rows * inner_cost
    return PlanNode("Nested Loop", 0.3, total, outer_rows * 3, join_type="Inner", children=(outer, inner))


def scan_with(node: PlanNode, condition: str) -> PlanNode:
    return replace(node, index_condition=condition)
