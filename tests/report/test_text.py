"""How numbers, sizes and times look."""

from __future__ import annotations

import pytest

from dbtune.report.text import change, human_bytes, human_ms, human_number, one_line, printable, share, shortened


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (23 * 2**20, "23.0 MiB"), (5 * 2**50, "5,120.0 TiB")],
)
def test_human_bytes(size: float, text: str) -> None:
    assert human_bytes(size) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0.5, "0.50 ms"), (320, "320 ms"), (12_400, "12.4 s"), (125_000, "2 min 5 s"), (11_520_000, "3 h 12 min")],
)
def test_human_ms(ms: float, text: str) -> None:
    assert human_ms(ms) == text


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [(100, 50, "-50.0%"), (100, 100.01, "±0%"), (100, 0.02, "-99.98%"), (100, 250, "+150.0%"), (0, 5, "")],
)
def test_change(before: float, after: float, text: str) -> None:
    assert change(before, after) == text


def test_numbers_keep_decimals_only_where_they_are_small() -> None:
    assert [human_number(v) for v in (0.0036, -0.00712)] == ["0.0036", "-0.0071"]
    assert [human_number(v) for v in (0, 0.5, 99.994, 1234567.8)] == ["0", "0.50", "99.99", "1,234,568"]
    assert [share(v) for v in (0.0001, 0.123)] == ["<0.1%", "12.3%"]


def test_foreign_text_cannot_steer_a_terminal() -> None:
    assert one_line("a\x1b[31m\r\n\tb\x00\x9bc") == "a[31m bc"
    assert printable("a\tb\r\nc\x1b]0;title\x07") == "a    b\nc]0;title"


def test_shortened_never_exceeds_its_width() -> None:
    assert shortened("SELECT 1", 8) == "SELECT 1"
    assert shortened("SELECT  12345", 8) == "SELECT…"
    assert all(len(shortened("SELECT a, b, c FROM t", width)) <= width for width in range(1, 30))
