"""A number quoted, a column converted: only that is changed in the statement's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.sql.mysql_edits import with_converted_column, with_quoted_numbers

ORDERS = frozenset({"o", "orders"})
ITEMS = frozenset({"i", "items"})


@pytest.mark.parametrize(
    ("sql", "edited"),
    [
        ("SELECT 1 FROM orders WHERE code = 5", "SELECT 1 FROM orders WHERE code = '5'"),
        ("SELECT 1 FROM orders o WHERE o.`Code`=5.5 AND n=5", "SELECT 1 FROM orders o WHERE o.`Code`='5.5' AND n=5"),
        ("SELECT 1 FROM orders WHERE 5 = code", "SELECT 1 FROM orders WHERE '5' = code"),
        ("SELECT 1 FROM orders WHERE code IN (1, '2', 3)", "SELECT 1 FROM orders WHERE code IN ('1', '2', '3')"),
        (
            "SELECT 1 FROM shop.orders WHERE shop.orders.code = 5",
            "SELECT 1 FROM shop.orders WHERE shop.orders.code = '5'",
        ),
        (
            "SELECT '= 5' FROM orders /* code = 5 */ WHERE code = 5",
            "SELECT '= 5' FROM orders /* code = 5 */ WHERE code = '5'",
        ),
    ],
)
def test_numbers_become_strings(sql: str, edited: str) -> None:
    assert with_quoted_numbers(sql, ORDERS, "code") == edited


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 FROM orders WHERE code = '5'",
        "SELECT 1 FROM items i, orders o WHERE i.code = 5",
        "SELECT 1 FROM orders WHERE code = 5 + n",
        "SELECT 1 FROM orders WHERE code = 0x35",
        "SELECT 1 FROM orders WHERE code > 5",
        "SELECT 1 FROM orders WHERE code = ?",
        "SELECT 1 FROM orders WHERE codes = 5",
        "SELECT 1 FROM orders WHERE n + 5 = code",
        "SELECT code",
        "code =",
        "code IN (",
        "code IN (5",
    ],
)
def test_what_is_no_comparison_with_a_number_stays(sql: str) -> None:
    assert with_quoted_numbers(sql, ORDERS, "code") is None


@pytest.mark.parametrize(
    ("sql", "edited"),
    [
        ("o.code = i.code", "o.code = CONVERT(i.code USING latin1)"),
        ("i.code = o.code", "CONVERT(i.code USING latin1) = o.code"),
        ("`orders`.`code`=`items`.`code` AND 1", "`orders`.`code`=CONVERT(`items`.`code` USING latin1) AND 1"),
        (
            "o.code = i.code OR i.code = o.code",
            "o.code = CONVERT(i.code USING latin1) OR CONVERT(i.code USING latin1) = o.code",
        ),
        ("o.code = x.code", None),
        ("o.code > i.code", None),
        ("o.code = lower(i.code)", None),
    ],
)
def test_the_other_side_of_a_join_is_converted(sql: str, edited: str | None) -> None:
    assert with_converted_column(sql, (ORDERS, "code"), (ITEMS, "code"), "CONVERT({} USING latin1)") == edited


@given(st.text())
def test_no_text_is_too_odd(sql: str) -> None:
    with_quoted_numbers(sql, ORDERS, "code")
    with_converted_column(sql, (ORDERS, "code"), (ITEMS, "code"), "f({})")


@given(
    st.lists(
        st.sampled_from(["code", "=", "5", "'5'", "IN", "(", ")", ",", "o", ".", "AND", "-", "`code`"]), max_size=12
    )
)
def test_only_quotes_are_added(words: list[str]) -> None:
    sql = " ".join(words)
    edited = with_quoted_numbers(sql, ORDERS, "code")
    assert edited is None or (edited != sql and edited.replace("'", "") == sql.replace("'", ""))
