"""The choice of a set, asked of the real shadow of a real database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dbtune.candidates.generate import generate, serves
from dbtune.candidates.registry import Candidate
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement, TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.select.choosing import Wishes, choose
from dbtune.select.effort import efforts
from dbtune.select.scale import POSTGRES
from dbtune.select.selection import Selection
from dbtune.sql.facts import statement_facts

SCHEMA = Path(__file__).parents[1] / "candidates" / "schema.sql"

STATEMENTS = (
    ("SELECT id, total FROM orders WHERE customer_id = 7 ORDER BY placed_at DESC LIMIT 5", 100),
    ("SELECT count(*) FROM orders WHERE customer_id = 9", 50),
    ("SELECT id, note FROM orders WHERE status = 'open' ORDER BY placed_at LIMIT 10", 40),
    ("SELECT id FROM customers WHERE lower(email) = 'c77@example.org'", 30),
    ("SELECT id FROM customers WHERE payload @> '{\"k\": 3}'", 20),
    ("SELECT * FROM customers WHERE id = 5", 10_000),
    ("SELECT c.name, count(*) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1", 1),
)
"""SQL and calls."""


@dataclass(frozen=True)
class Bench:
    snapshot: Snapshot
    planner: ShadowPlanner
    statements: tuple[PlannedStatement, ...]
    candidates: tuple[Candidate, ...]

    def choose(
        self,
        *,
        budget: int | None = None,
        deadline: float | None = None,
        writes: dict[QualifiedName, TableWrites] | None = None,
        statements: Sequence[PlannedStatement] | None = None,
        gate: Gate | None = None,
    ) -> Selection:
        return choose(
            self.candidates,
            self.statements if statements is None else statements,
            gate or Gate(self.planner),
            self.snapshot,
            writes or {},
            Wishes(budget_bytes=budget, deadline=deadline),
            NoProgress(),
        )


@pytest.fixture(scope="module")
def bench(make_module_database: Callable[[str], str]) -> Iterator[Bench]:
    url = parse_target(make_module_database(SCHEMA.read_text()))
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    statements = tuple(
        PlannedStatement(Statement(f"s{number}", sql, calls), statement_facts(sql, snapshot), (Instance(sql),))
        for number, (sql, calls) in enumerate(STATEMENTS)
    )
    candidates = generate(snapshot, statements)
    with ShadowPlanner.open(snapshot) as planner:
        planner.prepare(candidate.index for candidate in candidates)
        yield Bench(snapshot, planner, statements, candidates)


def test_the_set_lowers_the_cost_as_it_says(bench: Bench) -> None:
    selection = bench.choose()
    gate = Gate(bench.planner)
    assert selection.cost_before == pytest.approx(gate.workload_cost(bench.statements))
    assert selection.cost_after == pytest.approx(gate.workload_cost(bench.statements, selection.configuration))
    assert selection.cost_after < 0.5 * selection.cost_before


def test_the_expected_indexes_are_chosen(bench: Bench) -> None:
    first_keys = {(c.index.table.name, c.index.columns[0]) for c in bench.choose().chosen}
    wanted = {("orders", "customer_id"), ("customers", "(lower(email))"), ("customers", "payload")}
    assert wanted <= first_keys
    assert ("customers", "id") not in first_keys


def test_none_serves_for_another(bench: Bench) -> None:
    chosen = [c.index for c in bench.choose().chosen]
    assert not any(serves(one, other) for one in chosen for other in chosen if one is not other)


def test_figures_add_up_in_the_order_of_the_set(bench: Bench) -> None:
    selection = bench.choose()
    cost, configuration = selection.cost_before, EMPTY_CONFIGURATION
    for chosen in selection.chosen:
        assert chosen.beside == configuration
        assert chosen.cost_before == pytest.approx(cost)
        cost, configuration = chosen.cost_after, configuration.with_index(chosen.index)
    assert cost == pytest.approx(selection.cost_after, rel=1e-3)
    assert configuration == selection.configuration


@pytest.mark.parametrize("budget", [0, 100_000, 600_000, 2_000_000])
def test_a_budget_is_kept(bench: Bench, budget: int) -> None:
    selection = bench.choose(budget=budget)
    assert selection.bytes <= budget
    assert bool(selection.chosen) == (budget >= 100_000)


def test_more_budget_is_no_worse(bench: Bench) -> None:
    costs = [bench.choose(budget=budget).cost_after for budget in (100_000, 1_000_000, 10_000_000)]
    assert costs == sorted(costs, reverse=True)


def test_heavy_writes_speak_against_an_index(bench: Bench) -> None:
    orders = QualifiedName("public", "orders")
    chosen = bench.choose(writes={orders: TableWrites(orders, inserts=1e9)}).chosen
    assert {c.index.table.name for c in chosen} == {"customers"}


def test_a_deadline_that_has_passed_gives_what_there_is(bench: Bench) -> None:
    assert bench.choose(deadline=time.monotonic() - 1).chosen == ()


def test_an_empty_workload_gives_nothing(bench: Bench) -> None:
    assert bench.choose(statements=()).chosen == ()


def test_a_runaway_statement_does_not_hide_the_others(bench: Bench) -> None:
    runaway = replace(bench.statements[-1], statement=replace(bench.statements[-1].statement, calls=1e6))
    selection = bench.choose(statements=(*bench.statements[:-1], runaway))
    assert ("customers", "(lower(email))") in {(c.index.table.name, c.index.columns[0]) for c in selection.chosen}


def test_the_same_question_has_the_same_answer(bench: Bench) -> None:
    assert bench.choose() == bench.choose()


@pytest.mark.parametrize("budget", [None, 600_000, 2_000_000])
def test_no_set_is_cheaper_than_the_bound(bench: Bench, budget: int | None) -> None:
    """Held against sets of the candidates drawn at random, and against all of them at once."""
    frontier = bench.choose(budget=budget).frontier
    assert frontier.bound is not None and frontier.cost is not None
    assert frontier.bound <= frontier.cost * (1 + 1e-9)
    gate, rng = Gate(bench.planner), random.Random(1)
    indexes = [candidate.index for candidate in bench.candidates]
    sets = [indexes, *(rng.sample(indexes, rng.randrange(1, 4)) for _ in range(100))]
    costs = [
        gate.workload_cost(bench.statements, Configuration(frozenset(some)))
        for some in sets
        if budget is None or sum(map(bench.planner.index_bytes, some)) <= budget
    ]
    assert len(costs) > 2
    # costs below that of a lookup count as one, for the bound alone
    assert min(costs) >= frontier.bound - POSTGRES.cheap * sum(planned.calls for planned in bench.statements)
    assert min(costs) >= 0.97 * bench.choose(budget=budget).cost_after  # a little is given up for less space


@pytest.mark.parametrize("budget", [None, 600_000])
def test_several_planners_choose_what_one_does(bench: Bench, budget: int | None) -> None:
    several = Gate(bench.planner)
    several.crew.grow(3)
    try:
        several.crew.prepare(candidate.index for candidate in bench.candidates)
        together = bench.choose(budget=budget, gate=several)
    finally:
        several.crew.close()
    one = Gate(bench.planner)
    assert together == bench.choose(budget=budget, gate=one)
    assert (several.calls, several.hits) == (one.calls, one.hits)
    several.cost(
        bench.statements[0], Configuration(frozenset({bench.candidates[0].index}))
    )  # the first one is still open


def test_what_an_answer_implies_is_what_the_planner_says(bench: Bench) -> None:
    """Of the same plan for fewer indexes, all that it reads among them."""
    rng = random.Random(2)
    whole = frozenset(candidate.index for candidate in bench.candidates)
    for planned in bench.statements:
        gate = Gate(bench.planner)
        answer = gate.cost(planned, Configuration(whole))
        used = frozenset(index for index in whole if index.name in answer.indexes)
        asked = gate.calls
        for _ in range(5):
            fewer = Configuration(used | frozenset(rng.sample(sorted(whole, key=lambda i: i.name), len(whole) // 2)))
            assert gate.cost(planned, fewer) is answer
            said = Gate(bench.planner).cost(planned, fewer)
            assert said.cost == pytest.approx(answer.cost, rel=0.011)  # the planner's fuzz factor is 1.01
        assert gate.calls == asked
        if used:
            assert gate.cost(planned, Configuration(whole - used)) is not answer
            assert gate.calls > asked
        assert gate.confirm(planned, fewer).cost == pytest.approx(answer.cost, rel=0.011)


def test_the_frontier_begins_with_nothing_and_gets_cheaper(bench: Bench) -> None:
    frontier = bench.choose(budget=2_000_000).frontier
    first, *others = frontier.points
    assert (first.bytes, first.indexes) == (0, 0)
    assert len(others) > 2
    costs = [point.cost for point in frontier.points]
    assert costs == sorted(costs, reverse=True)
    assert [point.bytes for point in frontier.points] == sorted(point.bytes for point in frontier.points)
    (chosen,) = [point for point in frontier.points if point.is_chosen]
    assert chosen.cost == frontier.cost


def test_space_that_hardly_helps_is_not_taken(bench: Bench) -> None:
    """With a least size given, the budget is what is worth while, and the gain is nearly that of the whole budget."""
    whole = bench.choose(budget=50_000_000)
    kept = choose(
        bench.candidates,
        bench.statements,
        Gate(bench.planner),
        bench.snapshot,
        {},
        Wishes(50_000_000, least_bytes=0),
        NoProgress(),
    )
    assert kept.bytes <= whole.bytes
    assert kept.cost_after <= 1.05 * whole.cost_after


def test_nothing_is_printed(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    bench.choose(budget=600_000)
    assert capfd.readouterr().out == ""


def test_cheap_statements_get_no_candidates_and_dear_ones_all(bench: Bench) -> None:
    effort = efforts(bench.statements, Gate(bench.planner), POSTGRES)
    assert effort["s5"] == 0  # a lookup by the primary key
    assert effort["s0"] > 10
    few = generate(bench.snapshot, bench.statements, dict.fromkeys(effort, 1))
    assert 0 < len(few) < len(bench.candidates)
    assert generate(bench.snapshot, bench.statements, dict.fromkeys(effort, 0)) == ()
