"""Reading EXPLAIN's JSON, of every version that is here and as older ones printed it."""

from __future__ import annotations

import json

import psycopg
import pytest

from dbtune.embedded import available_binaries
from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.planner.plan_reader import read_plan

SCHEMA = """
CREATE SCHEMA s;
CREATE TABLE s.a (id int PRIMARY KEY, b int, c text);
CREATE INDEX a_b ON s.a (b);
INSERT INTO s.a SELECT i, i % 1000, 'c' || i FROM generate_series(1, 20000) i;
ANALYZE s.a;
"""

POSTGRES_12 = """[{"Plan": {"Node Type": "Limit", "Parallel Aware": false, "Startup Cost": 0.29, "Total Cost": 0.33,
 "Plan Rows": 1, "Plan Width": 4, "Output": ["id"], "Plans": [{"Node Type": "Index Only Scan",
 "Parent Relationship": "Outer", "Parallel Aware": false, "Scan Direction": "Backward", "Index Name": "a_pkey",
 "Relation Name": "a", "Schema": "public", "Alias": "x", "Startup Cost": 0.29, "Total Cost": 412.14,
 "Plan Rows": 9990, "Plan Width": 4, "Output": ["id"], "Index Cond": "(x.id < 5)"}]}}]"""


@pytest.fixture(scope="module", params=sorted({b.major for b in available_binaries()}))
def session(request: pytest.FixtureRequest, servers: object) -> object:
    url = servers.get(request.param).create_database("plans")  # type: ignore[attr-defined]
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(SCHEMA)
        yield session


def explain(session: psycopg.Connection, sql: str, options: str = "") -> object:
    return session.execute(f"EXPLAIN (FORMAT JSON, VERBOSE{options}) {sql}".encode()).fetchall()[0][0]


def test_an_index_scan(session: psycopg.Connection) -> None:
    plan = read_plan(explain(session, "SELECT c FROM s.a AS x WHERE id = 7 AND b > 3"))
    root = plan.root
    assert (root.type, root.relation, root.alias, root.index) == ("Index Scan", QualifiedName("s", "a"), "x", "a_pkey")
    assert (root.index_condition, root.filter) == ("(x.id = 7)", "(x.b > 3)")
    assert root.output == ("c",)
    assert (plan.cost, root.rows, root.width) == (8.31, 1.0, root.width)
    assert plan.indexes == {"a_pkey"}
    assert root.actual_rows is None and plan.execution_ms is None


def test_the_text_and_the_decoded_form_are_the_same(session: psycopg.Connection) -> None:
    sql = "SELECT b, count(*) FROM s.a WHERE id < 500 GROUP BY b ORDER BY 2 DESC"
    text = session.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}".encode())
    decoded = text.fetchall()[0][0]
    plan = read_plan(decoded)
    assert read_plan(json.dumps(decoded)) == plan
    assert plan.root.type == "Sort" and plan.root.sort_keys == ("(count(*)) DESC",)
    assert plan.root.children[0].strategy == "Hashed"


def test_bitmaps_joins_and_subplans(session: psycopg.Connection) -> None:
    sql = "SELECT * FROM s.a x JOIN s.a y ON y.id = x.b WHERE x.b = 5 AND x.id NOT IN (SELECT b FROM s.a WHERE b = 3)"
    nodes = list(read_plan(explain(session, sql)).root.walk())
    heap = next(node for node in nodes if node.type == "Bitmap Heap Scan" and node.alias == "x")
    assert heap.recheck_condition == "(x.b = 5)"
    assert heap.children[0].index == "a_b" and heap.children[0].index_condition == "(x.b = 5)"
    assert any(node.subplan_name for node in nodes)
    assert any(node.join_type == "Inner" for node in nodes)


def test_what_analyze_measured(session: psycopg.Connection) -> None:
    plan = read_plan(explain(session, "SELECT count(*) FROM s.a WHERE b = 1", ", ANALYZE"))
    assert plan.execution_ms is not None and plan.execution_ms > 0
    assert (plan.root.actual_rows, plan.root.actual_loops) == (1.0, 1.0)
    assert plan.root.actual_ms is not None and plan.root.actual_ms > 0


def test_writes(session: psycopg.Connection) -> None:
    root = read_plan(explain(session, "UPDATE s.a SET b = 1 WHERE id = 1")).root
    assert (root.type, root.strategy, root.relation) == ("ModifyTable", "Update", QualifiedName("s", "a"))


def test_settings(session: psycopg.Connection) -> None:
    session.execute("SET enable_seqscan = off")
    try:
        assert ("enable_seqscan", "off") in read_plan(explain(session, "SELECT 1", ", SETTINGS")).settings
    finally:
        session.execute("RESET enable_seqscan")


def test_equal_shapes_ignore_costs(session: psycopg.Connection) -> None:
    before = read_plan(explain(session, "SELECT * FROM s.a WHERE b = 5"))
    session.execute("SET random_page_cost = 3.9")
    after = read_plan(explain(session, "SELECT * FROM s.a WHERE b = 5"))
    session.execute("RESET random_page_cost")
    assert before.shape == after.shape and before.cost != after.cost


def test_postgres_12() -> None:
    root = read_plan(POSTGRES_12).root
    assert (root.type, root.total_cost) == ("Limit", 0.33)
    assert (root.children[0].strategy, root.children[0].index) == ("Backward", "a_pkey")


@pytest.mark.parametrize("text", ["", "QUERY PLAN", "[]", "{}", "[1]", '[{"Plan": 1}]', '["Utility Statement"]'])
def test_what_is_no_plan(text: str) -> None:
    with pytest.raises(PlanFailed):
        read_plan(text)
