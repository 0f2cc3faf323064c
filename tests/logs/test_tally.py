"""Sums by statement: exact whatever the pieces, bounded whatever the log."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.batch import Batch, IncidentEvent
from dbtune.logs.finishing import Finished, finish
from dbtune.logs.histogram import bucket_of, percentile
from dbtune.logs.tally import Tally
from dbtune.logs.timeline import MOST_SLOTS, WIDTHS
from tests.logs.batches import batch


def tallied(batches: Sequence[Batch], *, samples: int = 3, place: int = 0, capacity: int = 100) -> Tally:
    tally = Tally("postgres", samples, place, capacity)
    for one in batches:
        tally.add(one)
    tally.finish()
    return tally


def merged(tallies: Sequence[Tally], *, capacity: int = 100) -> Tally:
    whole = Tally("postgres", 3, capacity=capacity)
    for tally in tallies:
        whole.merge(pickle.loads(pickle.dumps(tally)))
    return whole


def finished(tally: Tally) -> Finished:
    return finish(tally, "postgres", 3)


def test_a_statement_is_counted_with_all_that_the_log_says() -> None:
    one = batch(
        ["select 1 from t", "SELECT 2 FROM t", "select a from t where b = 'x'"],
        [10.0, 30.0, float("nan")],
        [100.0, 50.0, 70.0],
        user="shop",
    )
    one.rows_sent = np.array([1.0, 5.0, np.nan])
    one.errors = np.array([0.0, 0.0, 1.0])
    found = finished(tallied([one]))
    assert found.calls == 3
    assert found.total_ms == 40
    assert found.errors == 1
    first, second = found.statements
    assert (first.text, first.calls, first.total_ms, first.mean_ms, first.max_ms) == (
        "SELECT $1 FROM t",
        2,
        40,
        20,
        30,
    )
    assert (first.rows_sent, first.max_rows_sent, first.share) == (6, 5, 1.0)
    assert (first.first_seen, first.last_seen) == (50, 100)
    assert [(client.name, client.calls) for client in first.users] == [("shop", 2)]
    assert {sample.sql for sample in first.samples} == {"select 1 from t", "SELECT 2 FROM t"}
    assert (second.total_ms, second.mean_ms, second.p95_ms, second.rows_sent, second.errors) == (None,) * 4 + (1,)


def test_weights_scale_calls_and_times() -> None:
    one = batch(["select 1", "select 2"], [10.0, 20.0])
    one.calls = np.array([10.0, 1.0])
    one.rows_sent = np.array([2.0, 1.0])
    (statement,) = finished(tallied([one])).statements
    assert (statement.calls, statement.total_ms, statement.rows_sent) == (11, 120, 21)
    assert statement.p50_ms == pytest.approx(10, rel=0.03)
    assert statement.max_ms == 20


def test_totals_have_no_percentiles_and_no_timeline() -> None:
    one = replace(batch(["select 1"], [2.0]), totals=True, calls=np.array([1000.0]), max_ms=np.array([70.0]))
    one.first_times = np.array([5.0])
    (statement,) = finished(tallied([one])).statements
    assert (statement.calls, statement.total_ms, statement.mean_ms, statement.max_ms) == (1000, 2000, 2, 70)
    assert (statement.p50_ms, statement.timeline, statement.first_seen) == (None, (), 5.0)


DURATIONS = st.lists(st.floats(1e-3, 1e7), min_size=1, max_size=200)


def percentiles(values: list[float], fractions: Sequence[float]) -> list[float]:
    buckets = bucket_of(np.array(values))
    unique = np.unique(buckets)
    counts = np.array([float((buckets == bucket).sum()) for bucket in unique])
    return [percentile(unique, counts, fraction, min(values), max(values)) for fraction in fractions]


@given(DURATIONS, st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_are_off_by_three_percent_at_most(values: list[float], fraction: float) -> None:
    exact = sorted(values)[int(np.ceil(fraction * len(values))) - 1]
    assert percentiles(values, [fraction]) == [pytest.approx(exact, rel=0.03)]


@given(st.one_of(DURATIONS, st.lists(st.floats(100, 101), min_size=1), st.lists(st.just(0.0), min_size=1)))
def test_percentiles_ascend_between_the_shortest_and_the_longest(values: list[float]) -> None:
    found = [min(values), *percentiles(values, [0.5, 0.95, 0.99]), max(values)]
    assert found == sorted(found)


def test_percentiles_of_few_calls_are_those_calls() -> None:
    (one,) = finished(tallied([batch(["select 1"], [500_000.0])])).statements
    assert (one.p50_ms, one.p95_ms, one.p99_ms, one.mean_ms, one.max_ms) == (500_000.0,) * 5
    (two,) = finished(tallied([batch(["select 1", "select 2"], [1.7, 500_000.0])])).statements
    assert (two.p50_ms, two.p95_ms, two.p99_ms) == (1.7, 500_000.0, 500_000.0)
    (same,) = finished(tallied([batch(["select 1"] * 1000, [123.4] * 1000)])).statements
    assert (same.p50_ms, same.p95_ms, same.p99_ms) == (123.4, 123.4, 123.4)


def test_percentiles_are_of_the_calls_that_came_one_by_one() -> None:
    total = replace(batch(["select 1"], [2.0]), totals=True, calls=np.array([1000.0]), max_ms=np.array([7000.0]))
    (statement,) = finished(tallied([total, batch(["select 1"], [30.0])])).statements
    assert (statement.calls, statement.max_ms, statement.p99_ms) == (1001, 7000, 30)


STATEMENTS = st.sampled_from(
    ["select 1 from a", "select 2 from a", "select x from b where c in (1, 2)", "update d set e = 'f'", "begin"]
)
EVENTS = st.lists(
    st.tuples(STATEMENTS, st.integers(0, 4000), st.integers(0, 20_000), st.sampled_from(["1", "2", ""])), max_size=60
)


def _numbers(found: Finished) -> list[object]:
    return [replace(one, samples=(), bursts=None) for one in found.statements]


@given(EVENTS, st.lists(st.integers(0, 60), max_size=5))
@settings(deadline=None)
def test_pieces_give_what_the_whole_gives(events: list[tuple[str, int, int, str]], cuts: list[int]) -> None:
    def made(part: Sequence[tuple[str, int, int, str]]) -> Batch:
        found = batch([one[0] for one in part], [float(one[1]) for one in part], [1.7e9 + one[2] for one in part])
        found.users = [one[3].encode() for one in part]
        return found

    edges = [0, *sorted(min(cut, len(events)) for cut in cuts), len(events)]
    parts = [events[start:end] for start, end in pairwise(edges)]
    whole = finished(tallied([made(events)]))
    apart = finished(merged([tallied([made(part)], place=at) for at, part in enumerate(parts)]))
    assert _numbers(apart) == _numbers(whole)
    assert apart.timeline == whole.timeline
    assert (apart.calls, apart.total_ms, apart.slot_seconds) == (whole.calls, whole.total_ms, whole.slot_seconds)


@given(EVENTS, st.integers(1, 60))
@settings(deadline=None)
def test_blocks_do_not_matter_within_a_piece(events: list[tuple[str, int, int, str]], size: int) -> None:
    def made(part: Sequence[tuple[str, int, int, str]]) -> Batch:
        found = batch([one[0] for one in part], [float(one[1]) for one in part], [1.7e9 + one[2] // 10 for one in part])
        found.sessions = [one[3].encode() for one in part]
        return found

    ordered = sorted(events, key=lambda event: event[2])
    parts = [ordered[at : at + size] for at in range(0, len(ordered), size)]
    assert finished(tallied([made(part) for part in parts])) == finished(tallied([made(ordered)]))


def test_statements_without_end_stay_within_bounds_and_are_all_counted() -> None:
    capacity = 50
    heavy = ["select heavy from t"] * 40
    batches = []
    for block in range(20):
        new = [f"select c{block}_{at} from t" for at in range(60)]
        batches.append(batch([*new, *heavy], [1.0] * 60 + [100.0] * 40))
    tally = tallied(batches, capacity=capacity)
    assert len(tally.texts) <= 2 * capacity + 61
    found = finished(tally)
    assert found.calls == 2000
    assert found.total_ms == 20 * (60 + 4000)
    assert found.statements[0].text == "SELECT heavy FROM t"
    assert found.statements[0].calls == 800
    assert found.others.calls > 0
    assert sum(slot.calls for slot in found.timeline) == 2000
    again = finished(merged([tallied(batches[:10], capacity=capacity), tallied(batches[10:], capacity=capacity)]))
    assert again.calls == 2000
    assert again.statements[0].calls == 800


def test_long_texts_do_not_fill_the_memory() -> None:
    long = ["select " + ", ".join(f"c{block}_{at}" for at in range(1500)) for block in range(3000)]
    tally = Tally("postgres", 5)
    for at in range(0, len(long), 100):
        tally.add(batch(long[at : at + 100]))
    assert sum(map(len, tally.texts)) + tally.samples.bytes < 40 << 20
    assert tally.sums.calls.sum() + tally.others[0] == len(long)


def test_bursts_are_runs_in_one_session_within_a_second() -> None:
    loop = batch(["select * from item where id = 1"] * 25, times=[1.7e9 + 0.01 * at for at in range(25)], session="7")
    spread = batch(["select 2 from u"] * 25, times=[1.7e9 + at for at in range(25)], session="7")
    crowd = batch(["select 3 from v"] * 20, times=[1.7e9] * 20)
    crowd.sessions = [str(at).encode() for at in range(20)]
    found = finished(tallied([loop, spread, crowd]))
    bursts = {one.text: one.bursts for one in found.statements}
    burst = bursts["SELECT * FROM item WHERE id = $1"]
    assert burst is not None
    assert (burst.count, burst.calls, burst.longest, burst.session, burst.start) == (1, 25, 25, "7", 1.7e9)
    assert [text for text, one in bursts.items() if one is not None] == ["SELECT * FROM item WHERE id = $1"]


def test_a_burst_over_two_blocks_is_one() -> None:
    times = [1.7e9 + 0.02 * at for at in range(16)]
    halves = [
        batch(["select 1 from t"] * 8, times=times[:8], session="a"),
        batch(["select 1 from t"] * 8, times=times[8:], session="a"),
    ]
    (statement,) = finished(tallied(halves)).statements
    assert statement.bursts is not None
    assert (statement.bursts.count, statement.bursts.longest) == (1, 16)


@pytest.mark.parametrize("span", [1, 100, 5000, 10**5, 10**7, 10**9])
def test_the_timeline_has_a_bound_for_any_span(span: int) -> None:
    times = [1.0e9 + span * at / 999 for at in range(1000)]
    found = finished(tallied([batch(["select 1"] * 1000, times=times)]))
    assert len(found.timeline) <= MOST_SLOTS
    assert found.slot_seconds in WIDTHS
    assert sum(slot.calls for slot in found.timeline) == 1000


def test_a_time_that_cannot_be_is_left_out_of_the_timeline_only() -> None:
    found = finished(tallied([batch(["select 1"] * 3, times=[float("nan"), 1e15, 1.7e9])]))
    assert found.calls == 3
    assert sum(slot.calls for slot in found.timeline) == 1


def test_incidents_are_summed_up_by_statement_and_reason() -> None:
    one = Batch(
        incidents=[
            IncidentEvent("lock_wait", 10.0, 500.0, b"update t set a = 1 where b = 2", b"ShareLock on transaction 77"),
            IncidentEvent("lock_wait", 20.0, 900.0, b"update t set a = 5 where b = 3", b"ShareLock on transaction 78"),
            IncidentEvent("deadlock", float("nan")),
        ]
    )
    incidents = finished(merged([tallied([one]), tallied([one])])).incidents
    waits = next(each for each in incidents if each.kind == "lock_wait")
    assert (waits.count, waits.total_amount, waits.max_amount, waits.first_seen) == (4, 2800, 900, 10)
    assert waits.text == "UPDATE t SET a = $1 WHERE b = $2"
    assert "7" not in waits.detail
    assert next(each for each in incidents if each.kind == "deadlock").count == 2


def test_samples_are_the_same_whoever_reads_which_piece() -> None:
    batches = [batch([f"select {block * 40 + at} from t" for at in range(40)]) for block in range(4)]
    tallies = [tallied([one], place=at) for at, one in enumerate(batches)]
    once = finished(merged(tallies)).statements[0].samples
    again = finished(merged([merged(tallies[:1]), *tallies[1:]])).statements[0].samples
    assert once == again
    assert len({sample.sql for sample in once}) == len(once) >= 3


def test_a_parameter_without_a_value_is_no_sample() -> None:
    one = batch(["select * from t where a = $1", "select * from t where a = $1"])
    one.parameters = {1: b"$1 = '5'"}
    (statement,) = finished(tallied([one])).statements
    assert [sample.sql for sample in statement.samples] == ["select * from t where a = '5'"]


def test_clients_are_counted_by_name() -> None:
    one = batch(["select 1"] * 4)
    one.users = [b"a", b"b", b"a", b""]
    one.databases = [b"x"] * 4
    (statement,) = finished(merged([tallied([one]), tallied([one])])).statements
    assert Counter({client.name: client.calls for client in statement.users}) == {"a": 4, "b": 2}
    assert statement.hosts == ()
