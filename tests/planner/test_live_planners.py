"""HypoPG and plain EXPLAIN on a live server, and the choice between planners."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import available_binaries, find_binaries
from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner import opening
from dbtune.planner.explain import ExplainPlanner, mackert_lohman
from dbtune.planner.hypopg import HypopgPlanner
from dbtune.planner.opening import open_planner

SCHEMA = """
CREATE TABLE orders (id integer PRIMARY KEY, customer integer NOT NULL, status text NOT NULL, note text);
INSERT INTO orders SELECT i, i % 5000, CASE WHEN i % 10 = 0 THEN 'open' ELSE 'done' END, repeat('x', 60)
  FROM generate_series(1, 50000) i;
CREATE INDEX orders_status ON orders (status);
CREATE TABLE parts (k integer, v integer) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (20000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (20000) TO (90000);
INSERT INTO parts SELECT i, i % 7000 FROM generate_series(1, 40000) i;
"""
ORDERS = QualifiedName("public", "orders")
BY_CUSTOMER = Index("idx_orders_customer", ORDERS, (IndexKey("customer"),))
BY_NOTE = Index("idx_orders_note_gin", ORDERS, (IndexKey("note"),), method="gin")
BY_V = Index("idx_parts_v", QualifiedName("public", "parts"), (IndexKey("v"),))
OF_CUSTOMER = Instance("SELECT * FROM orders WHERE customer = 42")


@dataclass(frozen=True)
class Live:
    """A database on a running server."""

    text: str
    url: DatabaseUrl
    snapshot: Snapshot


def _live(text: str) -> Live:
    with psycopg.connect(text, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    url = parse_target(text)
    assert isinstance(url, DatabaseUrl)
    return Live(text, url, collect(url, CollectOptions(workload=False), NoProgress()))


@pytest.fixture
def live(make_database: Callable[..., str]) -> Live:
    return _live(make_database(SCHEMA))


@pytest.fixture
def live_with_hypopg(make_database: Callable[..., str]) -> Live:
    """A database with the extension, on any of this machine's servers that have it."""
    for binaries in available_binaries():
        text = make_database(SCHEMA, binaries.major)
        with psycopg.connect(text, autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_available_extensions WHERE name = 'hypopg'").fetchall()
            if found:
                connection.execute("CREATE EXTENSION hypopg")
                return _live(text)
    versions = [binaries.version for binaries in available_binaries()]
    pytest.skip(f"none of the servers here ({versions}) has hypopg: apt-get install postgresql-15-hypopg")


def test_hypopg_plans_with_an_index_that_is_not_there(live_with_hypopg: Live) -> None:
    live = live_with_hypopg
    with HypopgPlanner(live.snapshot, live.url) as planner:
        assert planner.prepare([BY_CUSTOMER, BY_V, BY_NOTE]) == (BY_CUSTOMER, BY_V)
        before = planner.plan(OF_CUSTOMER)
        after = planner.plan(OF_CUSTOMER, Configuration(frozenset({BY_CUSTOMER})))
        again = planner.plan(OF_CUSTOMER)
        partitioned = planner.plan(Instance("SELECT * FROM parts WHERE v = 5"), Configuration(frozenset({BY_V})))
        assert [limit for limit in planner.limits if "idx_orders_note_gin" in limit.what]
    assert "idx_orders_customer" in after.indexes
    assert after.cost < before.cost / 10
    assert again.cost == before.cost
    assert partitioned.indexes == {"idx_parts_v"}


def test_hypopg_says_why_it_tries_no_other_tables(live_with_hypopg: Live) -> None:
    planner = HypopgPlanner(live_with_hypopg.snapshot, live_with_hypopg.url)
    try:
        assert "--planner shadow" in planner.keeps_schema
    finally:
        planner.close()


def test_hypopg_leaves_nothing_behind(live_with_hypopg: Live) -> None:
    live = live_with_hypopg
    planner = HypopgPlanner(live.snapshot, live.url)
    planner.plan(OF_CUSTOMER, Configuration(frozenset({BY_CUSTOMER})))
    planner.close()
    planner.close()
    with psycopg.connect(live.text) as connection:
        indexes = connection.execute("SELECT count(*) FROM pg_index WHERE indrelid = 'orders'::regclass").fetchone()
        sessions = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtune' AND datname = current_database()"
        ).fetchone()
    assert (indexes, sessions) == ((2,), (0,))


def test_hypopg_says_what_its_version_cannot(live_with_hypopg: Live) -> None:
    live = live_with_hypopg
    drop = Configuration(drop=frozenset({QualifiedName("public", "orders_status")}))
    statement = Instance("SELECT count(*) FROM orders WHERE status = 'open'")
    with HypopgPlanner(live.snapshot, live.url) as planner:
        assert "orders_status" in planner.plan(statement).indexes
        if any(limit.what == "dropping indexes" for limit in planner.limits):
            with pytest.raises(PlanFailed, match="cannot plan without an existing index"):
                planner.plan(statement, drop)
        else:
            assert "orders_status" not in planner.plan(statement, drop).indexes
            assert "orders_status" in planner.plan(statement).indexes


def test_hypopg_without_the_extension_is_one_clear_line(live: Live) -> None:
    with (
        pytest.raises(PlannerUnavailable, match="CREATE EXTENSION hypopg"),
        open_planner("hypopg", live.snapshot, live.url, NoProgress()),
    ):
        pass


@pytest.mark.parametrize("kind", ["hypopg", "explain"])
def test_live_planners_need_a_url(live: Live, kind: opening.PlannerKind) -> None:
    with (
        pytest.raises(PlannerUnavailable, match="give a database URL"),
        open_planner(kind, live.snapshot, None, NoProgress()),
    ):
        pass


def test_explain_estimates_what_the_index_would_really_cost(live: Live) -> None:
    with ExplainPlanner(live.snapshot, live.url) as planner:
        assert planner.prepare([BY_CUSTOMER, BY_NOTE]) == (BY_CUSTOMER,)
        before = planner.plan(OF_CUSTOMER)
        estimated = planner.plan(OF_CUSTOMER, Configuration(frozenset({BY_CUSTOMER})))
        with psycopg.connect(live.text, autocommit=True) as connection:
            connection.execute("CREATE INDEX idx_orders_customer ON orders (customer)")
        fresh = ExplainPlanner(live.snapshot, live.url)
        real = fresh.plan(OF_CUSTOMER)
        fresh.close()
    assert estimated.indexes == real.indexes == {"idx_orders_customer"}
    assert real.cost < before.cost / 5
    assert estimated.cost == pytest.approx(real.cost, rel=0.25)


def test_explain_reaches_below_other_nodes_and_never_below_zero(live: Live) -> None:
    joined = Instance("SELECT count(*) FROM orders o JOIN orders p ON o.id = p.id WHERE o.customer = 42")
    added = Configuration(frozenset({BY_CUSTOMER}))
    with ExplainPlanner(live.snapshot, live.url) as planner:
        before, after = planner.plan(joined), planner.plan(joined, added)
        untouched = planner.plan(Instance("SELECT count(*) FROM parts"), added)
    assert 0 < after.cost < before.cost
    assert all(0 <= node.startup_cost <= node.total_cost for node in after.root.walk())
    assert untouched.cost > 0


def test_explain_cannot_drop_what_the_plan_uses(live: Live) -> None:
    drop = Configuration(drop=frozenset({QualifiedName("public", "orders_pkey")}))
    with ExplainPlanner(live.snapshot, live.url) as planner:
        with pytest.raises(PlanFailed, match="orders_pkey"):
            planner.plan(Instance("SELECT * FROM orders WHERE id = 7"), drop)
        assert planner.plan(OF_CUSTOMER, drop).cost == planner.plan(OF_CUSTOMER, EMPTY_CONFIGURATION).cost


@pytest.mark.parametrize("major", [15, 18])
def test_the_users_words_are_planned_and_never_run(make_database: Callable[..., str], major: int) -> None:
    live = _live(make_database(SCHEMA, major))
    with ExplainPlanner(live.snapshot, live.url) as planner:
        assert planner.plan(Instance("DELETE FROM orders WHERE id = 1")).cost > 0
        assert planner.plan(Instance("SELECT * FROM orders WHERE id = $1 AND status = $2", generic=True)).indexes
        for wrong, reason in (("SELECT nope FROM orders", "nope"), ("SELECT 1; DROP TABLE orders", "multiple")):
            with pytest.raises(PlanFailed, match=reason):
                planner.plan(Instance(wrong))
        with pytest.raises(PlanFailed):
            planner.plan(Instance("SELECT nope FROM orders WHERE id = $1", generic=True))
        assert planner.plan(OF_CUSTOMER).cost > 0  # the session survives all of that
    with psycopg.connect(live.text) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (50000,)


def test_no_lock_outlives_a_question(live: Live) -> None:
    with ExplainPlanner(live.snapshot, live.url) as planner:
        planner.plan(OF_CUSTOMER)
        with psycopg.connect(live.text, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '1s'")
            connection.execute("ALTER TABLE orders ADD COLUMN later integer")


def test_auto_prefers_the_shadow_of_the_same_version(live: Live) -> None:
    with open_planner("auto", live.snapshot, live.url, NoProgress()) as planner:
        assert planner.name.startswith(f"shadow (Postgres {find_binaries().major}.")
        assert "idx_orders_customer" in planner.plan(OF_CUSTOMER, Configuration(frozenset({BY_CUSTOMER}))).indexes


def test_auto_takes_hypopg_where_no_server_of_that_version_is(
    live_with_hypopg: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = live_with_hypopg
    others = tuple(b for b in available_binaries() if b.major != live.snapshot.server.major)
    monkeypatch.setattr(opening, "available_binaries", lambda: others)
    with open_planner("auto", live.snapshot, live.url, NoProgress()) as planner:
        assert planner.name.startswith("hypopg ")


def test_another_version_of_the_shadow_is_said_in_the_limits(
    make_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = _live(make_database(SCHEMA, 15))
    newest = (find_binaries(),)
    monkeypatch.setattr(opening, "available_binaries", lambda: newest)
    monkeypatch.setattr("dbtune.planner.shadow.host.available_binaries", lambda: newest)
    with open_planner("auto", live.snapshot, live.url, NoProgress()) as planner:
        said = " ".join(f"{limit.what} {limit.why}" for limit in planner.limits)
        assert planner.plan(OF_CUSTOMER).cost > 0
    assert "Postgres 15" in said and newest[0].version in said


def test_mackert_lohman_is_bounded_by_the_table_and_grows_with_the_rows() -> None:
    assert mackert_lohman(1, 1000, 500) == 1
    assert mackert_lohman(10**9, 1000, 10_000) == 1000
    assert mackert_lohman(10**6, 1000, 100) > 1000  # pages that fell out of the cache are read again
