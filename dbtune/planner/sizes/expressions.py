"""The values of an expression key, as a column of its own.

An index on the expression has statistics of it. Where there is none, the expression is worked out on the values of its
column that ANALYZE kept (most common ones and bounds of the histogram), if it is one of the usual: letter case, parts
of a string, days and months of a moment, a member of a document.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.model.schema import Column, ColumnStatistics, Index, IndexKey, Table

Value = Callable[[str], str | None]
"""From a column's value to the expression's, both in the server's text form; None for NULL."""

MOSTLY_DIFFERENT = 0.98
"""Of the values worked out: from here on the expression has as many values as its column."""

TRUNCATED: Mapping[str, int] = {"YEAR": 4, "MONTH": 7, "DAY": 10, "HOUR": 13, "MINUTE": 16, "SECOND": 19}
"""Characters of a moment that are left."""
MOMENT = re.compile(r"\d{4}(-\d\d(-\d\d( \d\d)?)?)?")
FIELDS: Mapping[str, slice] = {"YEAR": slice(0, 4), "MONTH": slice(5, 7), "DAY": slice(8, 10), "HOUR": slice(11, 13)}


def expression_column(index: Index, position: int, key: IndexKey, table: Table) -> Column:
    """A column that stands for an expression, with an index's statistics of it, else with what can be worked out."""
    text = key.expression or ""
    name, length, align, category = _type_of(text)
    return Column(
        name=f"({text})",
        type=name,
        position=0,
        type_name=replace(Column("", "", 0).type_name, name=name),
        type_category=category,
        length=length,
        align=align,
        statistics=_known_statistics(index, key, table) or _derived_statistics(text, table),
    )


def _known_statistics(index: Index, key: IndexKey, table: Table) -> ColumnStatistics | None:
    for candidate in (index, *table.indexes):
        facts = candidate.facts
        if facts is None:
            continue
        for place, other in enumerate(candidate.keys):
            same = other.expression is not None and other.expression == key.expression
            if same and place < len(facts.key_statistics) and facts.key_statistics[place] is not None:
                return facts.key_statistics[place]
    return None


def _derived_statistics(text: str, table: Table) -> ColumnStatistics | None:
    try:
        tree = cast("exp.Expression", sqlglot.parse_one(text, dialect="postgres"))
    except SqlglotError:
        return None
    names = {node.name for node in tree.find_all(exp.Column)}
    column = table.column(names.pop()) if len(names) == 1 else None
    value = _value(tree)
    if column is None or column.statistics is None or value is None:
        return None
    return _worked_out(column.statistics, value, table.rows)


def _worked_out(known: ColumnStatistics, value: Value, rows: float) -> ColumnStatistics | None:
    shares: dict[str | None, float] = {}
    for text, frequency in zip(known.most_common_vals, known.most_common_freqs, strict=False):
        shares[value(text)] = shares.get(value(text), 0.0) + frequency
    results = [value(text) for text in known.histogram_bounds]
    if not shares and not results:
        return known if not known.most_common_freqs else None
    rest = max(0.0, 1.0 - known.null_frac - sum(known.most_common_freqs))
    times = Counter(results)
    once = [result for result, number in times.items() if number == 1 and result is not None and result not in shares]
    twice = sum(number == 2 for number in times.values())
    for result, number in times.items():
        if number > 1 or result is None or result in shares:
            shares[result] = shares.get(result, 0.0) + rest * number / len(results)
    nulls = known.null_frac + shares.pop(None, 0.0)
    common = {cast("str", result): share for result, share in shares.items()}
    if len(once) > MOSTLY_DIFFERENT * max(1, len(results)):
        distinct = known.n_distinct
    else:  # Chao 1984: what was seen once and twice tells how much was not seen
        unseen = len(once) * (len(once) - 1) / (2 * (twice + 1))
        distinct = min(known.distinct_values(rows), len(common) + len(once) + unseen)
    texts = [*common, *once]
    most = _moments_between(texts)
    if most is not None and most < known.distinct_values(rows):
        distinct = most if distinct < 0 else min(distinct, most)
    return ColumnStatistics(
        null_frac=min(1.0, nulls),
        avg_width=sum(len(text.encode()) + 1 for text in texts) // max(1, len(texts)),
        n_distinct=distinct,
        most_common_vals=tuple(common),
        most_common_freqs=tuple(common.values()),
        histogram_bounds=tuple(once),
    )


def _moments_between(texts: Sequence[str]) -> float | None:
    """How many years, months, days or hours lie between the first and the last, if that is what the values are."""
    if not texts or not all(MOMENT.fullmatch(text) for text in texts) or len({len(text) for text in texts}) > 1:
        return None
    first, last = min(texts), max(texts)
    if len(first) == 4:
        return int(last) - int(first) + 1.0
    if len(first) == 7:
        return 12.0 * (int(last[:4]) - int(first[:4])) + int(last[5:]) - int(first[5:]) + 1
    try:
        between = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    except ValueError:
        return None
    return between / timedelta(days=1 if len(first) == 10 else 1 / 24) + 1


def _value(tree: object) -> Value | None:
    """The expression as a function of its column's value, where it is understood."""
    if isinstance(tree, exp.Column):
        return lambda text: text
    if isinstance(tree, exp.JSONExtractScalar):
        return _member(tree)
    inner = _value(tree.this) if isinstance(tree, exp.Expression) and not isinstance(tree, exp.Extract) else None
    if isinstance(tree, exp.Extract):
        field = FIELDS.get(tree.this.name.upper())
        inner = _value(tree.expression)
        return _then(inner, lambda text: text[field]) if field is not None else None
    if isinstance(tree, exp.Lower | exp.Upper):
        return _then(inner, str.lower if isinstance(tree, exp.Lower) else str.upper)
    if isinstance(tree, exp.Trim) and tree.args.get("expression") is None:
        return _then(inner, str.strip)
    if isinstance(tree, exp.Substring | exp.Left):
        return _part(tree, inner)
    if isinstance(tree, exp.TimestampTrunc):
        kept = TRUNCATED.get(tree.unit.name.upper()) if isinstance(tree.unit, exp.Expression) else None
        return _then(inner, lambda text: text[:kept]) if kept is not None else None
    if isinstance(tree, exp.Date) or (isinstance(tree, exp.Cast) and tree.to.is_type("date")):
        return _then(inner, lambda text: text[:10])
    if isinstance(tree, exp.Cast) and tree.to.is_type("text", "varchar"):  # char(n) loses its padding
        return _then(inner, str.rstrip)
    if isinstance(tree, exp.Paren | exp.Cast):
        return inner
    return None


def _then(inner: Value | None, outer: Callable[[str], str]) -> Value | None:
    if inner is None:
        return None

    def both(text: str) -> str | None:
        value = inner(text)
        return None if value is None else outer(value)

    return both


def _part(tree: exp.Expression, inner: Value | None) -> Value | None:
    first, length = tree.args.get("start"), tree.args.get("length") or tree.args.get("expression")
    try:
        start = int(first.name) - 1 if isinstance(first, exp.Literal) else 0
        end = start + int(length.name) if isinstance(length, exp.Literal) else None
    except ValueError:
        return None
    if start < 0 or (first is not None and not isinstance(first, exp.Literal)):
        return None
    return _then(inner, lambda text: text[start:end])


def _member(tree: exp.JSONExtractScalar) -> Value | None:
    path = tree.expression
    if not isinstance(tree.this, exp.Column) or not isinstance(path, exp.JSONPath):
        return None
    names = [part.this for part in path.expressions if isinstance(part, exp.JSONPathKey)]
    if len(names) != 1:
        return None

    def member(text: str) -> str | None:
        try:
            document = json.loads(text)
        except ValueError:
            return None
        value = document.get(names[0]) if isinstance(document, dict) else None
        return value if value is None or isinstance(value, str) else json.dumps(value)

    return member


def _type_of(expression: str) -> tuple[str, int, int, str]:
    """(type, length, alignment, category) as far as the expression's text tells."""
    text = expression.lower().replace(" ", "")
    for ending, answer in TYPES:
        if text.endswith(ending) or text.startswith(ending):
            return answer
    return ("text", -1, 4, "S")


TYPES: Sequence[tuple[str, tuple[str, int, int, str]]] = (
    ("::date", ("date", 4, 4, "D")),
    ("::date)", ("date", 4, 4, "D")),
    ("::integer", ("int4", 4, 4, "N")),
    ("::int", ("int4", 4, 4, "N")),
    ("::integer)", ("int4", 4, 4, "N")),
    ("::bigint", ("int8", 8, 8, "N")),
    ("::numeric", ("numeric", -1, 4, "N")),
    ("::uuid", ("uuid", 16, 1, "U")),
    ("::boolean", ("bool", 1, 1, "B")),
    ("date(", ("date", 4, 4, "D")),
    ("date_trunc(", ("timestamp", 8, 8, "D")),
    ("length(", ("int4", 4, 4, "N")),
    ("extract(", ("numeric", -1, 4, "N")),  # before version 14 double precision, which is not put together either
    ("date_part(", ("float8", 8, 8, "N")),
    ("coalesce(", ("text", -1, 4, "S")),
)
"""Beginnings and endings of expressions that tell their type."""
