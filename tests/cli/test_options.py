"""Values of options: what is understood, and what is refused in words that help."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from dbtune.cli.options import NO_LIMIT, Budget, Duration, Names, Percent, PointInTime, Size, expand_files


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1024", 1024),
        ("500MB", 500_000_000),
        ("1GiB", 2**30),
        ("1.5 gib", 3 * 2**29),
        ("2kb", 2000),
        ("3TiB", 3 * 2**40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "lots", "-5MB", "5XB", "1e9", "5MB!", "MB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(click.BadParameter, match="500MB"):
        Size().convert(text, None, None)


def test_a_budget_can_be_none_or_left_to_dbtune() -> None:
    assert Budget().convert("auto", None, None) is None
    assert Budget().convert("none", None, None) == NO_LIMIT
    assert Budget().convert("1MiB", None, None) == 2**20


@pytest.mark.parametrize(("text", "fraction"), [("5", 0.05), ("5%", 0.05), ("0.5", 0.005), ("100%", 1.0), ("0", 0.0)])
def test_percentages(text: str, fraction: float) -> None:
    assert Percent().convert(text, None, None) == pytest.approx(fraction)


@pytest.mark.parametrize("text", ["101", "-1", "five", "5 per cent", "5MB"])
def test_what_is_no_percentage(text: str) -> None:
    with pytest.raises(click.BadParameter, match="0 to 100"):
        Percent().convert(text, None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90.0), ("90s", 90.0), ("5min", 300.0), ("1h", 3600.0)])
def test_time_spans(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["0", "soon", "5 parsecs"])
def test_what_is_no_time_span(text: str) -> None:
    with pytest.raises(click.BadParameter, match="5min"):
        Duration().convert(text, None, None)


def test_points_in_time() -> None:
    assert PointInTime().convert("2025-01-31T12:00:00+00:00", None, None) == datetime(2025, 1, 31, 12, tzinfo=UTC)
    assert PointInTime().convert("2025-01-31", None, None).tzinfo is not None
    ago = datetime.now(UTC) - PointInTime().convert("24h", None, None)
    assert abs(ago - timedelta(hours=24)) < timedelta(minutes=1)
    with pytest.raises(click.BadParameter, match="24h"):
        PointInTime().convert("yesterday", None, None)


def test_names_come_as_text_or_as_a_list() -> None:
    assert Names("RULE").convert("index.missing, index.unused,", None, None) == ("index.missing", "index.unused")
    assert Names("RULE").convert(["index"], None, None) == ("index",)
    with pytest.raises(click.BadParameter):
        Names("RULE").convert(" , ", None, None)


def test_workload_files_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("b.sql", "a.sql", "deep/c.sql", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("SELECT 1;")
    a, b, c = tmp_path / "a.sql", tmp_path / "b.sql", tmp_path / "deep" / "c.sql"
    assert expand_files([str(tmp_path)]) == (a, b, c)
    assert expand_files([str(tmp_path / "*.sql"), str(a)]) == (a, b)
    assert expand_files([str(tmp_path / "**" / "*.sql")]) == (a, b, c)
    assert expand_files([str(tmp_path / "notes.txt")]) == (tmp_path / "notes.txt",)


def test_a_workload_that_leads_to_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="no such file"):
        expand_files([str(tmp_path / "missing.sql")])
    with pytest.raises(click.BadParameter, match="no such file"):
        expand_files([str(tmp_path / "*.nothing")])
    with pytest.raises(click.BadParameter, match=r"without \.sql files"):
        expand_files([str(tmp_path)])
