"""Planners that answer at the same time: shadows in databases of one server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.workload import Instance
from dbtune.planner.crew import Crew
from dbtune.planner.shadow.shadow import ShadowPlanner

SCHEMA = """
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
INSERT INTO t SELECT i, i % 5000, repeat('x', 50) FROM generate_series(1, 50000) i;
VACUUM ANALYZE t;
"""
TABLE = QualifiedName("public", "t")
BY_A = Index("t_a", TABLE, (IndexKey("a"),))
REFUSED = Index("t_nowhere", TABLE, (IndexKey("nowhere"),))
LOOKUP = Instance("SELECT b FROM t WHERE a = 7")


@pytest.fixture(scope="module")
def shadow(make_module_database: Callable[[str], str]) -> Iterator[ShadowPlanner]:
    url = parse_target(make_module_database(SCHEMA))
    assert isinstance(url, DatabaseUrl)
    with ShadowPlanner.open(collect(url, CollectOptions(workload=False), NoProgress())) as planner:
        yield planner


@pytest.fixture
def crew(shadow: ShadowPlanner) -> Iterator[Crew]:
    crew = Crew(shadow)
    crew.grow(3)
    yield crew
    crew.close()


def test_each_thread_has_a_planner_of_its_own_and_all_plan_alike(crew: Crew) -> None:
    crew.prepare([BY_A])
    meeting = threading.Barrier(3, timeout=30)  # passed only where three work at the same time

    def ask(number: int) -> tuple[float, float, frozenset[str]]:
        meeting.wait()
        with_it = crew.plan(LOOKUP, Configuration(frozenset({BY_A})))
        return crew.plan(LOOKUP, EMPTY_CONFIGURATION).cost, with_it.cost, with_it.indexes

    answers = list(crew.each(ask, range(6)))
    assert len(set(answers)) == 1
    without, with_it, indexes = answers[0]
    assert with_it < without / 10
    assert indexes == {"t_a"}
    assert crew.asked == 12


def test_results_come_in_the_order_of_the_items(crew: Crew) -> None:
    assert list(crew.each(lambda number: number * number, range(50))) == [number * number for number in range(50)]


def test_what_one_refuses_none_is_asked_about(crew: Crew) -> None:
    assert crew.prepare([REFUSED, BY_A]) == (BY_A,)


def test_an_error_in_one_thread_reaches_the_caller(crew: Crew) -> None:
    def fail(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    with pytest.raises(ValueError, match="three"):
        list(crew.each(fail, range(10)))
    assert crew.plan(LOOKUP, EMPTY_CONFIGURATION).cost > 0


def test_closing_leaves_the_first_one_at_work(shadow: ShadowPlanner) -> None:
    crew = Crew(shadow)
    crew.grow(2)
    list(crew.each(lambda _: crew.plan(LOOKUP, EMPTY_CONFIGURATION), range(4)))
    asked = crew.asked
    crew.close()
    crew.close()
    assert crew.asked == asked == 4
    assert list(crew.each(lambda _: crew.plan(LOOKUP, EMPTY_CONFIGURATION).cost > 0, range(2))) == [True, True]


def test_a_planner_that_is_alone_stays_alone(shadow: ShadowPlanner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow, "another", lambda: None)
    crew = Crew(shadow)
    crew.grow(4)
    assert list(crew.each(lambda number: number, range(3))) == [0, 1, 2]
    assert crew.prepare([BY_A]) == (BY_A,)


def test_another_shadow_is_gone_once_closed(shadow: ShadowPlanner) -> None:
    another = shadow.another()
    assert another is not None
    another.prepare([BY_A])
    another.close()
    with pytest.raises(psycopg.Error):
        another._host.connection.execute(b"SELECT 1")
    assert shadow.plan(LOOKUP).cost > 0
