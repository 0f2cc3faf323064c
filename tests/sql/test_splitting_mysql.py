"""Files of SQL of MySQL, cut as mysql's client cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.sql.splitting import located_statements, split_statements


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        (";;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT 'a;b', \"c;d\", `e;f`; SELECT 2", ["SELECT 'a;b', \"c;d\", `e;f`", "SELECT 2"]),
        ("SELECT 'it''s; \\'; x'; SELECT 2", ["SELECT 'it''s; \\'; x'", "SELECT 2"]),
        ("SELECT 1 -- a; b\n, 2; # c; d\nSELECT 3", ["SELECT 1 -- a; b\n, 2", "SELECT 3"]),
        ("SELECT 1 /* ; */; /* x; */", ["SELECT 1 /* ; */"[:8]]),
        ("SELECT 5--1; SELECT 2", ["SELECT 5--1", "SELECT 2"]),
        ("SELECT 1\\G\nSELECT 2\\g SELECT 3", ["SELECT 1", "SELECT 2", "SELECT 3"]),
        (
            "SELECT 1;\nDELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; END//\n"
            "delimiter ;\nSELECT 2;",
            ["SELECT 1", "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; END", "SELECT 2"],
        ),
        ("DELIMITER $$\nSELECT 1; SELECT 2$$", ["SELECT 1; SELECT 2"]),
    ],
)
def test_splitting(text: str, statements: list[str]) -> None:
    assert list(split_statements(text, "mysql")) == statements
    assert list(split_statements(text, "mariadb")) == statements


def test_comments_before_a_statement_come_with_it() -> None:
    (first, second) = located_statements("-- calls: 7\nSELECT 1;\n# calls: 8\nSELECT 2;", "mysql")
    assert "calls: 7" in first.before
    assert "calls: 8" in second.before


@given(st.text(alphabet="aS;'\"`\\\n-#/*G$ ", max_size=60))
def test_nothing_of_any_text_is_doubled(text: str) -> None:
    found = list(located_statements(text, "mysql"))
    assert sum(len(one.text) for one in found) <= len(text)
    assert all(one.text and one.text in text for one in found)
