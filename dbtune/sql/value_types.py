"""Which column an expression takes its values from, and of what type it is, as far as the snapshot tells."""

from __future__ import annotations

from sqlglot import exp

from dbtune.model.schema import Column
from dbtune.sql.expressions import strip
from dbtune.sql.scopes import Gathered

_NUMBERS = (exp.Count, exp.Extract, exp.Length, exp.Sum, exp.Avg, exp.Mul, exp.Div, exp.Mod, exp.RowNumber, exp.Abs)
_TEXTS = (exp.JSONExtractScalar, exp.JSONBExtractScalar, exp.DPipe, exp.Concat)


def describe(node: exp.Expr, gathered: Gathered) -> tuple[Column | None, str]:
    """The column whose values an expression has, and its type, as far as they are known."""
    node = strip(node)
    if isinstance(node, exp.Column):
        output = gathered.columns.get(id(node))
        for target in output.targets if output else ():
            column = target.use.table.column(target.column)
            if column is not None:
                return column, column.type
        return None, output.type if output else ""
    if isinstance(node, (exp.Cast, exp.TryCast)):
        type_name = node.to.sql(dialect="postgres").lower()
        column = describe(node.this, gathered)[0]
        return (column, type_name) if column and _alike(column.type, type_name) else (None, type_name)
    if isinstance(node, _NUMBERS):
        return None, "bigint"
    if isinstance(node, _TEXTS):
        return None, "text"
    if isinstance(node, (exp.Lower, exp.Upper, exp.Trim, exp.Coalesce, exp.Min, exp.Max, exp.TimestampTrunc, exp.Abs)):
        return describe(node.this, gathered) if isinstance(node.this, exp.Expr) else (None, "")
    if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDate)):
        return None, "timestamp with time zone"
    if isinstance(node, (exp.ArrayAgg, exp.Filter)):
        inner = describe(node.this, gathered)[1] if isinstance(node.this, exp.Expr) else ""
        return None, inner if isinstance(node, exp.Filter) or not inner else f"{inner}[]"
    if isinstance(node, exp.Distinct) and len(node.expressions) == 1:
        return describe(node.expressions[0], gathered)
    if isinstance(node, exp.Literal):
        return None, "text" if node.is_string else "integer"
    if isinstance(node, (exp.Subquery, exp.Select)):
        selected = node.selects
        return describe(selected[0].unalias(), gathered) if len(selected) == 1 else (None, "")
    if isinstance(node, exp.Bracket):
        type_name = describe(node.this, gathered)[1]
        return None, type_name.removesuffix("[]")
    if isinstance(node, (exp.Add, exp.Sub)):
        return None, describe(node.this, gathered)[1]
    return None, ""


def _alike(column_type: str, cast_type: str) -> bool:
    """Whether a value of the column is valid input for the cast's type."""
    wide = ("text", "varchar", "char")
    times = ("timestamp", "date")
    numbers = ("int", "bigint", "smallint", "numeric", "decimal", "real", "double")
    groups = (times, numbers)
    if cast_type.startswith(wide):
        return True
    return any(column_type.startswith(group) and cast_type.startswith(group) for group in groups) or (
        column_type.split("(")[0] == cast_type.split("(")[0]
    )
