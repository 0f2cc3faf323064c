"""EXPLAIN's text form reads as its JSON form does, in every version that is here."""

from __future__ import annotations

import json
from collections.abc import Callable

import psycopg
import pytest

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import PlanNode
from dbtune.planner.plan_text import read_executed_plan
from tests.planner.robustness.test_recosting import SCHEMA, STATEMENTS

FIELDS = (
    "type", "startup_cost", "total_cost", "rows", "width", "relation", "alias", "index", "index_condition", "join_type",
    "parallel_aware", "workers_planned", "actual_rows", "actual_loops", "join_condition",
)  # fmt: skip


@pytest.fixture(scope="module")
def session(make_module_database: Callable[[str], str]) -> psycopg.Connection:
    with psycopg.connect(make_module_database(SCHEMA), autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("switch", ["", "SET enable_hashjoin = off", "SET parallel_setup_cost = 0"])
@pytest.mark.parametrize("sql", STATEMENTS)
def test_both_forms_tell_the_same(session: psycopg.Connection, sql: str, switch: str) -> None:
    session.execute(b"RESET ALL")
    if switch:
        session.execute(b"SET min_parallel_table_scan_size = 0; " + switch.encode())
    with session.transaction(force_rollback=True):
        rows = session.execute(b"EXPLAIN (ANALYZE, VERBOSE) " + sql.encode()).fetchall()
        as_json = session.execute(b"EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) " + sql.encode()).fetchone()[0]
    text = "\n".join(line for (line,) in rows)
    one = read_executed_plan(f"Query Text: {sql}\n{text}")
    other = read_executed_plan(json.dumps(as_json[0]))
    assert told(one.root) == told(other.root)
    assert one.execution_ms is not None


def told(node: PlanNode, *, counted: bool = True) -> tuple[object, ...]:
    # workers take what comes, so the rows of each one differ from run to run
    counted = counted and node.type not in ("Gather", "Gather Merge")
    fields = [getattr(node, name) for name in FIELDS if counted or not name.startswith("actual")]
    beside = node.parent_relationship in ("InitPlan", "SubPlan")
    return (*fields, beside, tuple(told(child, counted=counted) for child in node.children))


def test_what_holds_no_plan_is_refused() -> None:
    for text in ("", "Query Text: SELECT 1", "{}", "[{]"):
        with pytest.raises(PlanFailed):
            read_executed_plan(text)


def test_a_quoted_name_and_a_node_that_never_ran() -> None:
    text = (
        'Query Text: SELECT 1\n\tIndex Only Scan Backward using "My Index" on "S".orders "O o"'
        '  (cost=0.29..8.30 rows=1 width=4) (never executed)\n\t  Index Cond: ("O o".id = 5)'
    )
    root = read_executed_plan(text).root
    assert (root.type, root.index, str(root.relation), root.alias) == ("Index Only Scan", "My Index", "S.orders", "O o")
    assert root.actual_loops == 0 and root.index_condition == '("O o".id = 5)'
