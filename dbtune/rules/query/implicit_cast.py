"""A string column compared with a number, by which no index on it can be used.

`code = 5` holds for '5', '05', ' 5' and '5 apples': MySQL and MariaDB turn the column of every row into a number, and
an index on the text finds none of them in one place. The other way round (a number column compared with a string) costs
nothing, since the string is turned into a number once. The same goes for a join of a string column with one of numbers.

Each statement is planned as it is and with the value as a string (of a join: the number turned into text): told is what
becomes cheaper. To be changed in the program: the value is to be bound or written as a string.

## Example

```sql
SELECT total FROM orders WHERE reference = 4711;     -- reads all rows
SELECT total FROM orders WHERE reference = '4711';   -- by the index on reference
```

## When not to follow it

The column holds numbers in more than one spelling ('05' and '5'), and the statement is to find them all. Where it only
ever holds numbers, an integer type for it says so, and is smaller.

Source: MySQL manual, "Type Conversion in Expression Evaluation"; MariaDB, "Type Conversion".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.access import RelationUse
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Column, Table
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_rewriting import (
    Edit,
    Rewritten,
    converting_other_side,
    leading_index,
    quoting,
    rewritten,
)
from dbtune.rules.mysql_types import integer_type, is_text
from dbtune.rules.registry import rule
from dbtune.rules.wording import cost_words, statement_words, table_words

NUMBER = "a number"


@rule("query.implicit-cast", group="query", severity="medium", dialects=("mysql", "mariadb"))
def implicit_cast(ctx: Context) -> Iterator[Finding]:
    """Each column once, with all statements that compare it so."""
    found: dict[tuple[QualifiedName, str], list[tuple[Rewritten, str]]] = {}
    wanted = {table.name for table in ctx.tables()}
    for planned in ctx.statements:
        for use in planned.facts.uses:
            table = ctx.snapshot.table(use.table)
            if table is None or table.name not in wanted or ctx.is_small(table):
                continue
            for column, how, edit in _edits(ctx, table, use):
                one = rewritten(ctx, planned, edit, f"{column.name} {how}")
                if one is not None and one.is_gain:
                    found.setdefault((table.name, column.name), []).append((one, how))
    for (name, column_name), ones in found.items():
        table = ctx.snapshot.table(name)
        assert table is not None
        ones.sort(key=lambda one: -one[0].saved)
        yield _finding(ctx, table, column_name, ones[0][1], [one for one, _ in ones])


def _edits(ctx: Context, table: Table, use: RelationUse) -> Iterator[tuple[Column, str, Edit]]:
    """String columns of the use that an index begins with, compared with numbers or columns of numbers."""
    names = (p.column for p in use.predicates if p.kind in ("equal", "in"))
    for name in dict.fromkeys(name for name in names if name is not None):
        column = _indexed_text(table, name)
        if column is not None:
            yield column, NUMBER, quoting(use, name)
    for join in use.joins:
        column = _indexed_text(table, join.column)
        other = ctx.snapshot.table(join.other_table)
        number = other.column(join.other_column) if other is not None else None
        if column is None or column.mysql is None or number is None or integer_type(number) is None:
            continue
        template = f"CAST({{}} AS CHAR CHARACTER SET {column.mysql.charset}) COLLATE {column.mysql.collation}"
        how = f"{join.other_table.name}.{number.name} ({number.type})"
        yield column, how, converting_other_side(use, join, template)


def _indexed_text(table: Table, name: str) -> Column | None:
    column = table.column(name)
    return column if column is not None and is_text(column) and leading_index(table, name) is not None else None


def _finding(ctx: Context, table: Table, name: str, how: str, ones: list[Rewritten]) -> Finding:
    """``ones``: those that gain most first; ``how`` is the first one's."""
    column = table.column(name)
    index = leading_index(table, name)
    assert column is not None
    assert index is not None
    first, total = ones[0], ctx.ledger.total
    saved = sum(one.saved for one in ones)
    remedy = (
        "With the value as a string it is looked up"
        if how == NUMBER
        else "With the number turned into text, CAST(… AS CHAR), it is looked up"
    )
    more = f", and {len(ones) - 1} more" if len(ones) > 1 else ""
    return Finding(
        subject=Subject(table.name.schema, table.name.name, (column.name,)),
        title=f"{table.name}.{column.name} ({column.type}) is compared with {how}",
        reason=(
            f"{statement_words(first.planned)}{more}: every value of {column.name} in {table_words(ctx, table)} is "
            f"turned into a number, so its index {index.name} cannot be used. {remedy}: "
            f"{cost_words(first.before.cost, first.after.cost)}."
        ),
        evidence=Evidence(
            ctx.planner.confidence,
            ctx.planner.name,
            cost_before=total,
            cost_after=total - saved,
            gain=saved / total if total > 0 else None,
            statements=tuple(one.evidence for one in ones),
        ),
        risk="To be changed in the program. '05' and ' 5' equal 5, and not '5': look whether there are such values.",
        severity="high" if total > 0 and saved / total >= 0.2 else "medium",
        key=column.name,
        needs=frozenset({index.full_name}),
    )
