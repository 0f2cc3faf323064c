from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.snapshot import Dialect
from dbtune.rules.log_statements import shape_of


@pytest.mark.parametrize(
    ("text", "verb", "limited", "aggregate"),
    [
        ("SELECT a FROM t", "select", False, False),
        ("select a from t limit 5", "select", True, False),
        ("SELECT a FROM t FETCH FIRST $1 ROWS ONLY", "select", True, False),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u LIMIT $1)", "select", False, False),
        ("SELECT a FROM (SELECT b FROM u LIMIT 5) v", "select", False, False),
        ("WITH x AS (SELECT 1 LIMIT 1) SELECT * FROM x", "select", False, False),
        ("WITH x AS MATERIALIZED (SELECT a FROM t) UPDATE u SET b = 1", "update", False, False),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x LIMIT 1", "select", True, False),
        ("SELECT count(*) FROM t", "select", False, True),
        ("SELECT coalesce(sum(a), 0) FROM t", "select", False, True),
        ("SELECT a, (SELECT count(*) FROM u) FROM t", "select", False, False),
        ("SELECT a, sum(b) OVER () FROM t", "select", False, False),
        ("SELECT a FROM t GROUP BY a", "select", False, True),
        ("SELECT DISTINCT a FROM t", "select", False, True),
        ("SELECT count FROM t", "select", False, False),
        ('SELECT "limit" FROM t', "select", False, False),
        ("SELECT 'limit 5' FROM t -- limit 5", "select", False, False),
        ("SELECT max(a), min(a) FROM t UNION SELECT 1, 2", "select", False, True),
        ("(SELECT a FROM t) UNION (SELECT b FROM u)", "union", False, False),
        ("INSERT INTO t SELECT * FROM u", "insert", False, False),
        ("WITH", "with", False, False),
        ("", "", False, False),
        (")) limit", "limit", True, False),
    ],
)
def test_outline(text: str, verb: str, limited: bool, aggregate: bool) -> None:
    shape = shape_of(text, "postgres")
    assert (shape.verb, shape.is_limited, shape.is_aggregate) == (verb, limited, aggregate)


@pytest.mark.parametrize(
    ("text", "dialect", "expected"),
    [
        ("SELECT a FROM t", "postgres", False),
        ("SELECT a FROM t WHERE b = $1", "postgres", True),
        ("SELECT a FROM t WHERE b = ?", "mysql", True),
    ],
)
def test_what_differs_from_call_to_call(text: str, dialect: Dialect, expected: bool) -> None:
    assert shape_of(text, dialect).has_parameters is expected


@given(st.text(alphabet="selctfromwithlim(),'\"`$?*/- \n1", max_size=60))
def test_nothing_raises(text: str) -> None:
    shape_of(text, "postgres")
    shape_of(text, "mysql")


def test_the_dialect_tells_strings_from_names() -> None:
    text = 'SELECT a FROM t WHERE b = "limit" # limit'
    assert shape_of(text, "mysql").words == {"select", "a", "from", "t", "where", "b"}
    assert shape_of("SELECT a FROM t WHERE b = `limit`", "mysql").has_parameters is False
