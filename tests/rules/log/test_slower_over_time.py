"""A trend is seen through noise, and noise is never taken for one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.rules.log_rules import find
from tests.rules.log.digests import digest

RULE = "log.slower_over_time"
SLOTS = 120

Noise = Callable[[random.Random], float]


def is_found(timeline: list[tuple[float, float] | None]) -> bool:
    return bool(find(digest({"statements": [{"timeline": timeline}]}), only=[RULE]))


calls = st.integers(0, 3000)
within_a_fifth = st.floats(0.8, 1.2)


@given(
    mean=st.floats(0.001, 1e6),
    slots=st.lists(st.one_of(st.none(), st.tuples(calls.filter(bool), within_a_fifth)), max_size=SLOTS),
)
def test_a_constant_mean_with_noise_never_fires(mean: float, slots: list[tuple[int, float] | None]) -> None:
    if any(slots):
        assert not is_found([None if slot is None else (slot[0], mean * slot[1]) for slot in slots])


@given(
    mean=st.floats(0.01, 1e5),
    factor=st.floats(2.5, 1000),
    noise=st.lists(within_a_fifth, min_size=SLOTS, max_size=SLOTS),
    counts=st.lists(st.integers(10, 20), min_size=SLOTS, max_size=SLOTS),
    step=st.integers(SLOTS * 36 // 100, SLOTS * 62 // 100),
)
def test_a_step_in_the_middle_is_found(
    mean: float, factor: float, noise: list[float], counts: list[int], step: int
) -> None:
    rising = [
        (count, mean * one * (1 if at < step else factor))
        for at, (count, one) in enumerate(zip(counts, noise, strict=True))
    ]
    assert is_found(rising)
    assert not is_found([(rising[at][0], slot[1]) for at, slot in enumerate(reversed(rising))])


NOISES: dict[str, Noise] = {
    "exponential": lambda chance: chance.expovariate(1.0),
    "log-normal": lambda chance: chance.lognormvariate(0.0, 1.0),
    "heavy tail": lambda chance: chance.lognormvariate(0.0, 2.0),
    "cache hits and misses": lambda chance: 100.0 if chance.random() < 0.05 else 1.0,
}


@pytest.mark.parametrize("name", NOISES)
@pytest.mark.parametrize("traffic", ["even", "growing", "in bursts"])
def test_calls_of_one_distribution_hardly_ever_fire(name: str, traffic: str) -> None:
    """However wild the distribution and whatever the traffic: at most one in a thousand statements."""
    chance = random.Random(f"{name} {traffic}")
    statements = 1000
    found = sum(is_found(_noisy(chance, NOISES[name], traffic)) for _ in range(statements))
    assert found <= statements / 1000


def _noisy(chance: random.Random, noise: Noise, traffic: str) -> list[tuple[float, float] | None]:
    busy = chance.randint(2, 12)
    slots: list[tuple[float, float] | None] = []
    for at in range(SLOTS):
        match traffic:
            case "even":
                count = busy
            case "growing":
                count = math.ceil(2 * busy * (at + 1) / SLOTS)
            case _:
                count = chance.choice((0, 0, 1, 4 * busy))
        slots.append((count, sum(noise(chance) for _ in range(count)) / count) if count else None)
    return slots


def test_most_steps_are_found_in_log_normal_noise() -> None:
    """Three times as slow from the middle on, with single calls that differ by more than that."""
    chance = random.Random(7)
    found = 0
    for _ in range(200):
        slots = _noisy(chance, NOISES["log-normal"], "even")
        found += is_found([s and (s[0], s[1] * (3 if at >= SLOTS // 2 else 1)) for at, s in enumerate(slots)])
    assert found >= 190
