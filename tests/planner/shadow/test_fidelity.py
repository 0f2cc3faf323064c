"""The promise: on the same major version the shadow plans as the full database does, at the same cost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dbtune.embedded import find_binaries
from dbtune.model.errors import PlanFailed
from dbtune.model.workload import Instance
from dbtune.planner.shadow.shadow import ShadowPlanner
from tests.planner.shadow.conftest import Production

QUERIES = [q.strip() for q in Path(__file__).with_name("shop_queries.sql").read_text().split(";\n") if q.strip()]

GIN = ("tags @>", "profile @>")
"""No catalog tells a GIN index's numbers of pages and entries: their costs are near, not equal."""
RANGES = ("during &&", "span @>", "prices &&")
"""Before Postgres 17, ``pg_stats`` has nothing of range columns."""


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: sql[:60])
def test_same_plan_at_the_same_cost(shop: Production, shadow: ShadowPlanner, sql: str) -> None:
    real, planned = shop.explain(sql), shadow.plan(Instance(sql))
    if shop.major < 17 and any(words in sql for words in RANGES):
        assert planned.root.type
        return
    assert planned.shape == real.shape
    assert planned.cost == pytest.approx(real.cost, rel=0.05 if any(words in sql for words in GIN) else 1e-6)


def test_every_column_has_the_same_statistics(shop: Production, shadow: ShadowPlanner) -> None:
    query = (
        "SELECT s::text FROM (SELECT schemaname, tablename, attname, inherited, null_frac, avg_width, n_distinct,"
        " most_common_vals, most_common_freqs, histogram_bounds, correlation, most_common_elems,"
        " most_common_elem_freqs, elem_count_histogram FROM pg_stats"
        " WHERE schemaname IN ('public', 'Odd Names') ORDER BY 1, 2, 3, 4) s"
    )
    session = shadow._host.connection
    assert [*session.execute(query.encode())] == [*shop.session.execute(query)]


def test_every_object_is_there(shop: Production, shadow: ShadowPlanner) -> None:
    for query in (
        "SELECT relname::text, CASE relkind WHEN 'm' THEN 'r' ELSE relkind END::text FROM pg_class"
        " WHERE relkind IN ('r', 'p', 'm', 'i', 'I', 'v', 'S') AND relnamespace::regnamespace::text !~ '^pg_|^info'",
        "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indexrelid >= 16384"
        " AND indrelid::regclass::text !~ '^pg_toast'",
        "SELECT conname::text, contype::text, convalidated FROM pg_constraint WHERE oid >= 16384",
        "SELECT stxname::text, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext",
        "SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull, attcollation"
        " FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped"
        " AND attrelid::regclass::text !~ '^pg_toast'",
    ):
        found = set(shadow._host.connection.execute(query.encode()))
        expected = set(shop.session.execute(query.encode()))
        assert expected - found == set(), query


def test_limits_are_honest(shop: Production, shadow: ShadowPlanner) -> None:
    said = {limit.what.split(" of ")[0]: limit.why for limit in shadow.limits}
    assert "policies" in said.pop("row security")
    if shop.major < 17:
        assert "range columns" in said.pop("statistics")
    assert said == {}
    assert shadow.name == f"shadow (Postgres {shop.snapshot.server.version})"


def test_generic_plans(shop: Production, shadow: ShadowPlanner) -> None:
    sql = "SELECT * FROM orders WHERE customer_id = $1 AND placed_at > $2"
    shop.session.execute("SET plan_cache_mode = force_generic_plan")
    shop.session.execute(f"PREPARE q AS {sql}".encode())
    real = shop.explain("EXECUTE q (NULL, NULL)")
    shop.session.execute("DEALLOCATE q")
    planned = shadow.plan(Instance(sql, generic=True))
    assert (planned.shape, planned.cost) == (real.shape, pytest.approx(real.cost, rel=1e-6))
    assert any("$1" in str(node.index_condition) for node in planned.root.walk())


def test_search_path_of_a_statement(shadow: ShadowPlanner) -> None:
    sql = "SELECT * FROM \"Order Lines\" WHERE sku = 'sku1'"
    with pytest.raises(PlanFailed, match='relation "Order Lines" does not exist'):
        shadow.plan(Instance(sql))
    assert shadow.plan(Instance(sql, search_path=("Odd Names",))).root.relation is not None
    with pytest.raises(PlanFailed):
        shadow.plan(Instance(sql))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT * FROM nowhere", 'relation "nowhere" does not exist'),
        ("SELEC 1", 'syntax error at or near "SELEC"'),
        ("SELECT 1; DROP TABLE orders CASCADE", "cannot insert multiple commands into a prepared statement"),
        ("VACUUM orders", 'syntax error at or near "VACUUM"'),
        ("SELECT * FROM orders WHERE id = $1", "there is no parameter $1"),
    ],
)
def test_what_cannot_be_planned_has_a_reason(shadow: ShadowPlanner, sql: str, reason: str) -> None:
    with pytest.raises(PlanFailed) as failure:
        shadow.plan(Instance(sql))
    assert reason.split(" $")[0] in str(failure.value) or "bind message" in str(failure.value)
    assert shadow.plan(Instance("SELECT * FROM orders WHERE id = 1")).indexes == {"orders_pkey"}


def test_nothing_is_ever_run(shadow: ShadowPlanner) -> None:
    session = shadow._host.connection
    shadow.plan(Instance("INSERT INTO never_analyzed VALUES (1000, 'new')"))
    shadow.plan(Instance("WITH gone AS (DELETE FROM places RETURNING id) SELECT nextval('ticket_numbers') FROM gone"))
    assert session.execute(b"SELECT is_called FROM ticket_numbers").fetchall() == [(False,)]
    assert session.execute(b"SELECT count(*) FROM pg_class WHERE relname = 'never_analyzed'").fetchall() == [(1,)]


def test_speed(shadow: ShadowPlanner) -> None:
    """At least 500 EXPLAINs a second are promised; half of it here, as the machine may be busy."""
    instances = [Instance(sql) for sql in QUERIES[:20]]
    started, planned = time.perf_counter(), 0
    while time.perf_counter() - started < 1.0:
        for instance in instances:
            shadow.plan(instance)
            planned += 1
    assert planned / (time.perf_counter() - started) > 250


def test_another_major_version_is_said(shop: Production) -> None:
    newest = find_binaries()
    if newest.major == shop.major:
        pytest.skip("this is the newest version there is")
    with ShadowPlanner.open(shop.snapshot, binaries=newest) as other:
        assert next(limit.what for limit in other.limits) == f"planner of Postgres {shop.major}"
        for sql in QUERIES:
            if not any(words in sql for words in RANGES):
                assert other.plan(Instance(sql)).cost == pytest.approx(shop.explain(sql).cost, rel=0.5)
