"""Files of SQL cut into statements."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.sql.splitting import located_statements, split_statements

CASES = [
    ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
    ("SELECT 1;;  ;\n", ["SELECT 1"]),
    ("SELECT ';', E'\\';', \";\" FROM t; SELECT 2;", ["SELECT ';', E'\\';', \";\" FROM t", "SELECT 2"]),
    ("DO $$ BEGIN; END; $$; SELECT $a$ ; $$ ; $a$", ["DO $$ BEGIN; END; $$", "SELECT $a$ ; $$ ; $a$"]),
    ("-- a; b\nSELECT 1 -- c; d\n, 2; /* e; /* f; */ g; */ SELECT 3", ["SELECT 1 -- c; d\n, 2", "SELECT 3"]),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
        ["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END", "SELECT 3"],
    ),
    (
        "BEGIN; SELECT CASE a WHEN 1 THEN 2 END FROM t; COMMIT;",
        ["BEGIN", "SELECT CASE a WHEN 1 THEN 2 END FROM t", "COMMIT"],
    ),
    ("COPY t (a) FROM stdin;\n1;2\nit's\n\\.\n\nSELECT 1;", ["COPY t (a) FROM stdin", "SELECT 1"]),
    ("COPY t FROM stdin WITH (FORMAT csv);\na\n\\.\n", ["COPY t FROM stdin WITH (FORMAT csv)"]),
    ("\\restrict abc'def\n\\connect x\nSELECT 1;\n\\unrestrict abc'def\n", ["SELECT 1"]),
    ("SELECT 1 \\g\nSELECT 2 \\gx out\nSELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
    (
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; NOTIFY t); SELECT 3",
        ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; NOTIFY t)", "SELECT 3"],
    ),
    ("SELECT 'it''s; ' || 'unfinished; ", ["SELECT 'it''s; ' || 'unfinished; "]),
    ("SELECT a1$b; SELECT $1; SELECT b$1$;", ["SELECT a1$b", "SELECT $1", "SELECT b$1$"]),
    ("  \n -- nothing\n /* at all */ ", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_split(text: str, expected: list[str]) -> None:
    assert list(split_statements(text)) == expected


def test_comments_before_a_statement_are_found() -> None:
    first, second = located_statements("-- one\nSELECT 1; -- same line\n/* two */ SELECT 2")
    assert first.before == "-- one\n"
    assert second.before == " -- same line\n/* two */ "


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [text for text, expected in CASES if len(expected) == 1 and "\\" not in text and "unfin" not in text]
        ),
        max_size=6,
    )
)
def test_joined_statements_come_apart_again(texts: list[str]) -> None:
    expected = [statement for text in texts for statement in split_statements(text)]
    assert list(split_statements(";\n".join(texts))) == expected


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab;'\"$\\-/*()[] \nE", max_size=60))
def test_any_text_can_be_split(text: str) -> None:
    for statement in split_statements(text):
        assert statement == statement.rstrip() or statement[-1] in " \n"
        assert statement
