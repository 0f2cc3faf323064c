"""What people and programs get to read of a verification, whatever the statements' texts hold."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from dbtune.model.verification import BuiltObject, MeasuredStatement, NotRun, Timing, Verification
from dbtune.report.verification import as_json, render
from tests.report.samples import HOSTILE_TEXT, ITEMS, ORDERS

SAFE = MeasuredStatement(
    "a1" * 8, ORDERS, 100, "safe", "holds", 98.25, 0.56, Timing(60_000.0, 0, timed_out=True), Timing(3.0, 5)
)
RISKY = MeasuredStatement(
    "b2" * 8, ITEMS, 1, "risky", "loses from 2% more rows of items", 45_678.0, 45_001.0, Timing(100, 5), Timing(190, 5)
)
FOUND = Verification(
    "0.1.0",
    "postgres",
    "shop_copy",
    "15.8",
    (SAFE, RISKY, MeasuredStatement("c3" * 8, "SELECT 1", 1, None, "")),
    (
        BuiltObject("public.i", 1000, 1100, 0.5),
        BuiltObject("public.j", 1000, None, 0.0, "permission denied for table orders"),
    ),
    tuple(NotRun(f"{n:016x}", f"SELECT {n}", "its values are not known") for n in range(9)),
)


def rendered(found: Verification, width: int = 100) -> str:
    text = StringIO()
    render(found, Console(file=text, width=width, color_system=None, markup=False, highlight=False))
    return text.getvalue()


def test_predicted_stands_beside_measured_the_slowest_first() -> None:
    lines = rendered(FOUND).splitlines()
    text = " ".join(" ".join(lines).split())
    slow = next(number for number, line in enumerate(lines) if "risky" in line and "slower" in line)
    fast = next(number for number, line in enumerate(lines) if "safe" in line and "faster" in line)
    assert slow < fast
    assert "1.90" in lines[slow] and "100 ms" in lines[slow] and "190 ms" in lines[slow]
    assert "> 60.0 s" in lines[fast] and "<0.01" in lines[fast]
    assert "not built: public.j: permission denied for table orders" in text
    assert "slower, as the report warned" in text and "loses from 2% more rows of items" in text
    assert "The one plan called safe is less than 1.2 times slower." in text
    assert "9 statements not run:" in text and "and 4 more" in text


def test_a_safe_plan_that_is_slower_is_told() -> None:
    wrong = MeasuredStatement("d4" * 8, ORDERS, 1, "safe", "holds", 2.0, 1.0, Timing(10, 5), Timing(20, 5))
    found = Verification("0.1.0", "postgres", "c", "15.8", (wrong,), ())
    assert found.contradicted == (wrong,)
    assert "slower, though the report calls it safe" in rendered(found)
    assert "less than 1.2" not in rendered(found)


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (Timing(10, 3), Timing(11.9, 3), "same"),
        (Timing(10, 3), Timing(12.1, 3), "slower"),
        (Timing(0.1, 3), Timing(0.9, 3), "same"),  # less than the clock's noise
        (Timing(10, 3), Timing(60_000, 0, timed_out=True), "slower"),
        (Timing(60_000, 0, timed_out=True), Timing(60_000, 0, timed_out=True), "same"),
        (None, None, "same plan"),
    ],
)
def test_outcomes(before: Timing | None, after: Timing | None, outcome: str) -> None:
    assert MeasuredStatement("a" * 16, "", 1, "safe", "", 1.0, 1.0, before, after).outcome == outcome


def test_nothing_in_a_text_reaches_the_terminal() -> None:
    hostile = MeasuredStatement("e" * 16, HOSTILE_TEXT, 1, "risky", HOSTILE_TEXT, 1.0, 1.0, Timing(1, 1), Timing(9, 1))
    failed = MeasuredStatement("f" * 16, HOSTILE_TEXT, 1, None, "", error=HOSTILE_TEXT)
    built = BuiltObject(HOSTILE_TEXT, None, None, 0.0, HOSTILE_TEXT)
    not_run = NotRun("0" * 16, HOSTILE_TEXT, HOSTILE_TEXT)
    found = Verification("0.1.0", HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT, (hostile, failed), (built,), (not_run,))
    for width in (50, 150):
        text = rendered(found, width)
        assert not any(mark in text for mark in "\x1b\x07\x9b\u202e")


def test_the_json_has_ratio_and_outcome() -> None:
    found = json.loads(as_json(FOUND))
    assert [one["outcome"] for one in found["statements"]] == ["faster", "slower", "same plan"]
    assert found["statements"][1]["ratio"] == pytest.approx(1.9)
    assert found["built"][0] == {
        "name": "public.i", "predicted_bytes": 1000, "bytes": 1100, "seconds": 0.5, "error": None,
    }  # fmt: skip


def test_a_plan_that_stayed_although_the_report_expects_another_is_told() -> None:
    kept = MeasuredStatement("d4" * 8, ORDERS, 1, "risky", "loses", 2.0, 2.0)
    found = Verification("0.1.0", "mariadb", "c", "11.8.2", (kept, replace(kept, level=None)), ())
    assert rendered(found).count("the same plan, though the report expects another") == 1


def test_a_slower_plan_that_nobody_judged_is_told() -> None:
    slower = MeasuredStatement("d4" * 8, ORDERS, 1, None, "", 2.0, 1.0, Timing(10, 5), Timing(20, 5))
    found = Verification("0.1.0", "mariadb", "c", "11.8.2", (slower,), ())
    assert found.contradicted == ()
    text = rendered(found)
    assert "c on MariaDB 11.8.2" in text and "slower, which the report did not expect" in text
