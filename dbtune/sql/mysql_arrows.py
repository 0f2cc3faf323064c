"""``JSON_LENGTH(doc->'$.a')`` as MySQL reads it: sqlglot takes ``doc -> '$.a'`` for a function with an argument."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect


def with_arrows(tree: exp.Expr) -> exp.Expr:
    """The tree with paths into columns in place of functions without a name, which MySQL has none of."""
    for function in list(tree.find_all(exp.Lambda)):
        path = _first(function.this)
        if len(function.expressions) != 1 or not path.is_string:
            continue
        extract = exp.JSONExtract(
            this=exp.Column(this=function.expressions[0].copy()),
            expression=Dialect.get_or_raise("mysql").to_json_path(path.copy()),
            only_json_types=False,
        )
        if path is function.this:
            function.replace(extract)
        else:
            path.replace(extract)
            function.replace(function.this)
    return tree


def _first(node: exp.Expr) -> exp.Expr:
    """What the expression begins with: of ``'$.a' + 1 > 5`` the path."""
    while not isinstance(node, exp.Literal) and isinstance(node.this, exp.Expr):
        node = node.this
    return node
