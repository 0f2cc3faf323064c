"""Hints that keep an index out: only they are added to the statement's text, at each place that reads the table."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.model.names import QualifiedName
from dbtune.sql.mysql_hints import without_by_clause, without_by_comment

ORDERS = QualifiedName("shop", "orders")


@pytest.mark.parametrize(
    ("sql", "edited"),
    [
        ("SELECT 1 FROM orders", "SELECT /*+ NO_INDEX(`orders` `i`) */ 1 FROM orders"),
        ("select 1 from `Orders` AS o where a", "select /*+ NO_INDEX(`o` `i`) */ 1 from `Orders` AS o where a"),
        ("SELECT 1 FROM shop.orders o", "SELECT /*+ NO_INDEX(`o` `i`) */ 1 FROM shop.orders o"),
        (
            "SELECT /*+ MAX_EXECUTION_TIME(9) */ 1 FROM orders",
            "SELECT /*+ NO_INDEX(`orders` `i`) MAX_EXECUTION_TIME(9) */ 1 FROM orders",
        ),
        (
            "SELECT n FROM (SELECT count(*) AS n FROM c LEFT JOIN orders ON (a = b) GROUP BY c) AS x GROUP BY n",
            "SELECT n FROM (SELECT /*+ NO_INDEX(`orders` `i`) */ count(*) AS n FROM c LEFT JOIN orders ON (a = b) "
            "GROUP BY c) AS x GROUP BY n",
        ),
        (
            "SELECT 1 FROM orders a, (SELECT 2) b, orders PARTITION (p0, p1) WHERE orders = 3",
            "SELECT /*+ NO_INDEX(`a` `i`) NO_INDEX(`orders` `i`) */ 1 FROM orders a, (SELECT 2) b, "
            "orders PARTITION (p0, p1) WHERE orders = 3",
        ),
        (
            "SELECT 1 FROM x UNION SELECT 2 FROM (orders JOIN y) WHERE EXISTS (SELECT 3 FROM orders)",
            "SELECT 1 FROM x UNION SELECT /*+ NO_INDEX(`orders` `i`) */ 2 FROM (orders JOIN y) "
            "WHERE EXISTS (SELECT /*+ NO_INDEX(`orders` `i`) */ 3 FROM orders)",
        ),
        ("UPDATE orders SET a = 1", "UPDATE /*+ NO_INDEX(`orders` `i`) */ orders SET a = 1"),
        (
            "INSERT INTO x SELECT 1 FROM orders STRAIGHT_JOIN y",
            "INSERT INTO x SELECT /*+ NO_INDEX(`orders` `i`) */ 1 FROM orders STRAIGHT_JOIN y",
        ),
    ],
)
def test_comment_behind_each_select(sql: str, edited: str) -> None:
    assert without_by_comment(sql, ORDERS, ["i"]) == edited


@pytest.mark.parametrize(
    ("sql", "edited"),
    [
        ("SELECT 1 FROM orders", "SELECT 1 FROM orders IGNORE INDEX (`i`, `j```)"),
        ("SELECT 1 FROM orders AS o WHERE a", "SELECT 1 FROM orders AS o IGNORE INDEX (`i`, `j```) WHERE a"),
        (
            "SELECT 1 FROM a JOIN shop.orders PARTITION (p0) x USING (k)",
            "SELECT 1 FROM a JOIN shop.orders PARTITION (p0) x IGNORE INDEX (`i`, `j```) USING (k)",
        ),
        (
            "SELECT 1 FROM orders a JOIN b ON a.x = b.y, orders LIMIT 1",
            "SELECT 1 FROM orders a IGNORE INDEX (`i`, `j```) JOIN b ON a.x = b.y, "
            "orders IGNORE INDEX (`i`, `j```) LIMIT 1",
        ),
    ],
)
def test_clause_behind_each_table(sql: str, edited: str) -> None:
    assert without_by_clause(sql, ORDERS, ["i", "j`"]) == edited


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT orders FROM x",
        "SELECT a, orders FROM x WHERE (orders = 1)",
        "SELECT 'FROM orders' FROM x -- FROM orders",
        "SELECT 1 FROM other.orders",
        "SELECT 1 FROM x GROUP BY a, orders",
        "orders",
        "",
    ],
)
def test_nothing_where_the_table_is_not_read(sql: str) -> None:
    assert without_by_comment(sql, ORDERS, ["i"]) is None
    assert without_by_clause(sql, ORDERS, ["i"]) is None


@given(st.lists(st.sampled_from("SELECT FROM orders , ( ) AS o JOIN PARTITION ` ' x".split()), max_size=12))
def test_any_text_is_kept_but_for_the_hints(words: list[str]) -> None:
    sql = " ".join(words)
    by_clause = without_by_clause(sql, ORDERS, ["i"])
    by_comment = without_by_comment(sql, ORDERS, ["i"])
    assert (by_clause is None) == (by_comment is None)
    if by_clause is not None and by_comment is not None:
        assert by_clause.replace(" IGNORE INDEX (`i`)", "") == sql
        assert re.sub(r" /\*\+.*?\*/", "", by_comment) == sql
