"""Conditions on the members of a JSON array, and paths into JSON as arguments of functions."""

from __future__ import annotations

import pytest
from sqlglot import exp

from dbtune.sql.expressions import strip
from dbtune.sql.json_members import json_members
from dbtune.sql.parsing import parse


def condition(text: str) -> exp.Expr:
    where = parse(f"SELECT a FROM t WHERE {text}", "mysql").tree.args["where"]
    return strip(where.this)


@pytest.mark.parametrize(
    ("text", "array", "members"),
    [
        ("3 MEMBER OF (doc->'$.a')", "doc -> '$.a'", (3,)),
        ("(-3) MEMBER OF(`doc`)", "`doc`", (-3,)),
        ("'it''s' MEMBER OF (t.doc->'$.a')", "t.doc -> '$.a'", ("it's",)),
        ("CAST('\"x\"' AS JSON) MEMBER OF (doc)", "doc", ("x",)),
        ("true MEMBER OF (doc)", "doc", (True,)),
        ("? MEMBER OF (doc)", "doc", None),
        ("JSON_CONTAINS(doc->'$.a', '3')", "doc -> '$.a'", (3,)),
        ("json_contains(doc->'$.a', CAST('[1, 2]' AS JSON))", "doc -> '$.a'", (1, 2)),
        ("JSON_CONTAINS(doc, JSON_ARRAY('x', 2, NULL))", "doc", None),
        ("JSON_CONTAINS(doc, JSON_ARRAY('x', 2))", "doc", ("x", 2)),
        ("JSON_CONTAINS(doc, JSON_QUOTE('x'))", "doc", ("x",)),
        ("JSON_CONTAINS(doc, '{\"a\": 1}')", "doc", None),
        ("JSON_CONTAINS(doc, '[[1]]')", "doc", None),
        ("JSON_CONTAINS(doc, 'x')", "doc", None),
        ("JSON_OVERLAPS(doc->'$.a', '[1.5]')", "doc -> '$.a'", (1.5,)),
    ],
)
def test_members(text: str, array: str, members: tuple[object, ...] | None) -> None:
    found = json_members(condition(text))
    assert found[0].array.sql(dialect="mysql") == condition(f"{array} = 1").this.sql(dialect="mysql")
    assert found[0].members == members


def test_either_side_of_an_overlap_may_be_the_array() -> None:
    found = json_members(condition("JSON_OVERLAPS('[1]', doc)"))
    assert [(one.array.sql(), one.members) for one in found] == [("'[1]'", None), ("doc", (1,))]


@pytest.mark.parametrize("text", ["JSON_CONTAINS(doc, '3', '$.a')", "JSON_LENGTH(doc) = 3", "JSON_VALID(doc)", "a = 3"])
def test_others(text: str) -> None:
    assert json_members(condition(text)) == ()


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("JSON_LENGTH(doc->'$.x') > 2", "JSON_LENGTH(t.doc->'$.x') > 2"),
        ("f(doc->'$.x' + 1 > 2, b)", "f(t.doc->'$.x' + 1 > 2, b)"),
        ("f(doc->'$.x' IN (1, 2))", "f(t.doc->'$.x' IN (1, 2))"),
    ],
)
def test_a_path_into_json_is_no_function(text: str, same: str) -> None:
    tree = condition(text)
    assert "doc" in {column.name for column in tree.find_all(exp.Column)}
    qualified = condition(same)
    for column in qualified.find_all(exp.Column):
        column.set("table", None)
    assert tree == qualified
