"""LIKE '%word%' as MATCH … AGAINST, in the statement's own text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.sql.mysql_full_text import STOPWORDS, with_full_text
from tests.servers.mysql_sandbox import MySQLServer

NAMES = frozenset({"a", "articles"})


@pytest.mark.parametrize(
    ("condition", "changed"),
    [
        ("body LIKE '%tantalum%'", "MATCH (body) AGAINST ('+tantalum*' IN BOOLEAN MODE)"),
        ('`body`  like /* x */ "%tantalum%"', "MATCH (`body`) AGAINST ('+tantalum*' IN BOOLEAN MODE)"),
        ("a.body LIKE '% red Apples,red%'", "MATCH (a.body) AGAINST ('+red* +Apples*' IN BOOLEAN MODE)"),
        ("x.a.body LIKE '%a tantalum of%'", "MATCH (x.a.body) AGAINST ('+tantalum*' IN BOOLEAN MODE)"),
        ("body LIKE concat('%', 'Müller', '%')", "MATCH (body) AGAINST ('+Müller*' IN BOOLEAN MODE)"),
        (
            "body LIKE '%one%' AND x = '%y%' AND body LIKE '%two%' AND b.body LIKE '%z%'",
            "MATCH (body) AGAINST ('+one*' IN BOOLEAN MODE) AND x = '%y%' AND MATCH (body) AGAINST ('+two*' IN BOOLEAN "
            "MODE) AND b.body LIKE '%z%'",
        ),
    ],
)
def test_words(condition: str, changed: str) -> None:
    statement = f"SELECT id FROM articles AS a WHERE {condition} LIMIT 5"
    assert with_full_text(statement, NAMES, "body", 3) == statement.replace(condition, changed)


@pytest.mark.parametrize(
    "condition",
    [
        "body LIKE '%ab%'",
        "body LIKE '%of the%'",
        "body LIKE '%-- !%'",
        "body LIKE '%tanta%lum%'",
        "body LIKE '%tanta_lum%'",
        r"body LIKE '%tanta\'lum%'",
        "body LIKE '%tantalum'",
        "body LIKE 'tantalum%'",
        "body LIKE ?",
        "body NOT LIKE '%tantalum%'",
        "body LIKE '%tantalum%' ESCAPE '#'",
        "body LIKE '%tantalum%' COLLATE utf8mb4_bin",
        "body LIKE '%tanta%' 'lum%'",
        "body LIKE _latin1'%tantalum%'",
        "BINARY body LIKE '%tantalum%'",
        "title || body LIKE '%tantalum%'",
        "lower(body) LIKE '%tantalum%'",
        "title LIKE '%tantalum%'",
        "other.body LIKE '%tantalum%'",
        "body LIKE CONCAT('%', ?, '%')",
        "body LIKE CONCAT('%', 'tantalum', '%', title)",
        "body LIKE CONCAT('%', 'tantalum')",
        "body LIKE '%検索する文字%'",
        "title = 'body LIKE %tantalum%'",
    ],
)
def test_all_else_stays(condition: str) -> None:
    assert with_full_text(f"SELECT id FROM articles AS a WHERE {condition}", NAMES, "body", 3) is None


@given(st.text(), st.text(), st.text(), st.integers(1, 5))
def test_nothing_else_is_touched(before: str, pattern: str, after: str, shortest: int) -> None:
    """Whatever stands there, what comes out is the text with some of its LIKEs exchanged."""
    sql = f"{before} body LIKE '%{pattern}%' {after}"
    changed = with_full_text(sql, NAMES, "body", shortest)
    if changed is None:
        return
    parts = re.split(r"MATCH \(.*?\) AGAINST \('.*?' IN BOOLEAN MODE\)", changed, flags=re.DOTALL)
    assert len(parts) >= 2
    place = 0
    for part in parts:
        found = sql.find(part, place)
        assert found >= 0
        place = found + len(part)


@given(st.text(min_size=1))
def test_the_words_are_plain(pattern: str) -> None:
    changed = with_full_text(f"SELECT 1 FROM articles WHERE body LIKE '%{pattern}%'", NAMES, "body", 3)
    if changed is not None and "\n" not in pattern:
        query = re.search(r"AGAINST \('(.*?)' IN BOOLEAN MODE\)", changed)
        assert query is not None
        assert re.fullmatch(r"\+\w+\*( \+\w+\*)*", query[1])


def test_stopwords_are_the_servers(any_mysql: MySQLServer) -> None:
    with any_mysql.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT value FROM information_schema.innodb_ft_default_stopword")
        assert {word for (word,) in cursor.fetchall()} == STOPWORDS
