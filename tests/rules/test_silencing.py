"""What a silence covers, and what the comments of a file say."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dbtune.model.errors import UsageError
from dbtune.model.location import SourceLocation
from dbtune.model.recommendation import Evidence, Recommendation, Subject
from dbtune.rules.silencing import Silence, silences_in

UNUSED = Recommendation(
    id="0123456789abcdef",
    rule="index.unused",
    group="index",
    severity="low",
    title="Drop items_note_idx",
    object=Subject("shop", "items", ("note",), "items_note_idx"),
    reason="No scan.",
    evidence=Evidence("heuristic"),
)
AT_LINE = replace(UNUSED, location=SourceLocation("migrations/007_add.sql", 12))
STATEMENT = replace(UNUSED, rule="log.n-plus-one", group="log", object=Subject("", ""))
KNOWN = ("index.unused", "index.missing", "index", "migration.rewrites")


@pytest.mark.parametrize(
    ("silence", "covered"),
    [
        (Silence(("index.unused",), "x"), True),
        (Silence(("index",), "x"), True),
        (Silence(("index.missing", "index.unused"), "x"), True),
        (Silence(("index.missing",), "x"), False),
        (Silence(("index.unused",), "x", tables=("shop.items",)), True),
        (Silence(("index.unused",), "x", tables=("items",)), True),
        (Silence(("index.unused",), "x", tables=("shop.*",)), True),
        (Silence(("index.unused",), "x", tables=("orders", "it?ms")), True),
        (Silence(("index.unused",), "x", tables=("public.items",)), False),
        (Silence(("index.unused",), "x", tables=("Items",)), False),
        (Silence(("index.unused",), "x", indexes=("items_*",)), True),
        (Silence(("index.unused",), "x", tables=("items",), indexes=("orders_*",)), False),
        (Silence((), "x", findings=("0123456789abcdef",)), True),
        (Silence((), "x", findings=("fedcba9876543210",)), False),
        (Silence(("index.missing",), "x", findings=("0123456789abcdef",)), False),
        (Silence(("index.unused",), "x", files=("*",)), False),  # it is in no file
    ],
)
def test_rules_and_objects(silence: Silence, covered: bool) -> None:
    assert silence.covers(UNUSED) is covered


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("migrations/*.sql", True),
        ("*/007_add.sql", True),
        ("007_*.sql", True),
        ("./migrations/*", True),
        ("migrations", False),
        ("008_*.sql", False),
        ("db/*.sql", False),
    ],
)
def test_files_are_named_from_the_folder_of_the_configuration(
    pattern: str, covered: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    silence = Silence(("index",), "x", files=(pattern,), base=str(tmp_path))
    assert silence.covers(AT_LINE) is covered
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    located = SourceLocation("../migrations/007_add.sql", 12)
    assert silence.covers(replace(UNUSED, location=located)) is covered
    assert not silence.covers(replace(UNUSED, location=SourceLocation("../../007_add.sql", 12)))


def test_a_statement_of_no_table_is_not_covered_by_a_table() -> None:
    assert Silence(("log",), "x").covers(STATEMENT)
    assert not Silence(("log",), "x", tables=("*",)).covers(STATEMENT)


def test_the_last_day_is_one_on_which_it_holds() -> None:
    silence = Silence(("index",), "x", until=date(2027, 1, 31))
    assert not silence.is_expired(date(2027, 1, 31))
    assert silence.is_expired(date(2027, 2, 1))
    assert not Silence(("index",), "x").is_expired(date(2999, 1, 1))


def test_a_comment_is_about_its_statement_of_its_file_alone(tmp_path: Path) -> None:
    file = tmp_path / "a[1].sql"  # no pattern, though it looks like one
    (silence,) = silences_in(file, "SELECT 0;\n-- dbtune: ignore index.unused why\nSELECT\n1;\nSELECT 2;", KNOWN)
    assert (silence.by, silence.reason) == (f"{file}:2", "why")

    def covers(path: Path, line: int, rule: str = "index.unused") -> bool:
        return silence.covers(replace(UNUSED, rule=rule, location=SourceLocation(str(path), line)))

    assert [covers(file, line) for line in range(1, 6)] == [False, False, True, True, False]
    assert not covers(file, 3, "index.missing")
    assert not covers(tmp_path / "a1.sql", 3)
    assert not covers(tmp_path / "below" / "a[1].sql", 3)


def test_a_comment_at_the_head_is_about_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "a.sql"
    (silence,) = silences_in(file, "-- dbtune: ignore index\n\nSELECT 1;\nSELECT 2;", KNOWN)
    assert all(silence.covers(replace(UNUSED, location=SourceLocation(str(file), line))) for line in (1, 3, 4))
    assert not silence.covers(UNUSED)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1;\n-- dbtune: ignore\nSELECT 2;", r"a\.sql:2: 'dbtune: ignore' names no rule"),
        (
            "-- dbtune: ignore index.unsued\nSELECT 2;",
            r"a\.sql:1: no rule or group 'index.unsued'; did you mean 'index.unused'",
        ),
        ("SELECT 1;\n\n-- dbtune: ignore index\n", r"a\.sql:3: no statement follows"),
    ],
)
def test_a_comment_that_means_nothing_is_an_error_at_its_line(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        silences_in(Path("a.sql"), text, KNOWN)
