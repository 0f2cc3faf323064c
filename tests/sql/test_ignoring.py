"""Which lines a comment ``-- dbtune: ignore`` is about."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.model.snapshot import Dialect
from dbtune.sql.ignoring import IgnoredPart, ignored_parts

CASES: list[tuple[str, str, list[IgnoredPart]]] = [
    (
        "the statement below it",
        "SELECT 1;\n-- dbtune: ignore index.missing it is cached\nSELECT\n  2;\nSELECT 3;\n",
        [IgnoredPart(2, ("index.missing",), "it is cached", (3, 4))],
    ),
    (
        "several rules, and signs between them and the reason",
        "SELECT 1;\n--dbtune:ignore index.missing , migration : read at night\nSELECT 2",
        [IgnoredPart(2, ("index.missing", "migration"), "read at night", (3, 3))],
    ),
    (
        "at the end of a statement's last line",
        "SELECT 1;\nSELECT\n2; -- dbtune: ignore index.missing\nSELECT 3;",
        [IgnoredPart(3, ("index.missing",), "", (2, 3))],
    ),
    (
        "at the head, an empty line below: the whole file",
        "-- Adds orders.\n-- dbtune: ignore migration.rewrites — made at night\n\nSELECT 1;",
        [IgnoredPart(2, ("migration.rewrites",), "made at night", None, whole_file=True)],
    ),
    (
        "at the head, right above the first statement: that one",
        "-- dbtune: ignore index\r\nSELECT 1;\r\n\r\nSELECT 2;",
        [IgnoredPart(1, ("index",), "", (2, 2))],
    ),
    (
        "an empty line further down is no head",
        "SELECT 1;\n-- dbtune: ignore index\n\nSELECT 2;",
        [IgnoredPart(2, ("index",), "", (4, 4))],
    ),
    (
        "two comments above one statement",
        "SELECT 0;\n-- dbtune: ignore a.b one\n-- calls: 3\n-- dbtune: ignore c.d two\nSELECT 1;",
        [IgnoredPart(2, ("a.b",), "one", (5, 5)), IgnoredPart(4, ("c.d",), "two", (5, 5))],
    ),
    ("no rule", "-- dbtune: ignore\nSELECT 1;", [IgnoredPart(1, (), "", (2, 2))]),
    ("nothing follows", "SELECT 1;\n-- dbtune: ignore a.b\n", [IgnoredPart(2, ("a.b",), "", None)]),
    ("no statement at all", "-- dbtune: ignore a.b\n\n", [IgnoredPart(1, ("a.b",), "", None)]),
    ("in a string", "SELECT '\n-- dbtune: ignore a.b\n';", []),
    ("in a function's body", "CREATE FUNCTION f() RETURNS int AS $$\n-- dbtune: ignore a.b\n$$ LANGUAGE sql;", []),
    ("other words of dbtune", "-- dbtune: calls=3 ignored=4\nSELECT 1;", []),
    (
        "behind psql's own lines",
        "\\set x 1\nSELECT 1;\n\\echo hello\n-- dbtune: ignore a.b\nSELECT 2;",
        [IgnoredPart(4, ("a.b",), "", (5, 5))],
    ),
]


@pytest.mark.parametrize(("text", "parts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_comments_and_the_lines_they_are_about(text: str, parts: list[IgnoredPart]) -> None:
    assert list(ignored_parts(text)) == parts


@pytest.mark.parametrize("dialect", ["mysql", "mariadb"])
def test_in_the_dialects_of_mysql(dialect: Dialect) -> None:
    text = "DELIMITER //\nSELECT 1//\n-- dbtune: ignore a.b\nSELECT `--`//\nDELIMITER ;\nSELECT 3;"
    assert list(ignored_parts(text, dialect)) == [IgnoredPart(3, ("a.b",), "", (4, 4))]


PIECES = st.sampled_from(
    [
        "SELECT 1;",
        "SELECT\n2;",
        "\n",
        " ",
        "-- dbtune: ignore a.b\n",
        "-- word\n",
        "/* x */",
        "'",
        "$$",
        '"',
        "\\x\n",
        ";",
    ]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES).map("".join))
def test_whatever_stands_around_it_a_comment_is_about_lines_of_the_text(text: str) -> None:
    lines = text.count("\n") + 1
    for part in ignored_parts(text):
        assert "dbtune: ignore" in text.split("\n")[part.line - 1]
        assert part.covered is None or 1 <= part.covered[0] <= part.covered[1] <= lines
