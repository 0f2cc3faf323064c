"""Columns of different character sets or collations joined with each other, by which an index cannot be used.

The server compares both in one character set: of `utf8mb3` and `utf8mb4`, or `latin1` and `utf8mb4`, the smaller one is
converted, value by value, and an index on it holds the values as they were. In MySQL the same goes for a column that is
compared by the bytes of another one (`…_bin`). Which side that is does not depend on the order of the tables.

Each statement is planned as it is and with the *other* side converted: told is what becomes cheaper. The ALTER gives
the column the character set and collation of the one it is joined with. MariaDB can do without it for `utf8mb3` where
`optimizer_switch` has `cset_narrowing=on` (the default from 11.8 on) and both collations have one name.

## Example

```sql
SELECT * FROM orders o JOIN legacy l ON l.code = o.code;   -- legacy.code is utf8mb3: all of it is read

ALTER TABLE `shop`.`legacy` MODIFY COLUMN `code` varchar(20) CHARACTER SET `utf8mb4` COLLATE `utf8mb4_0900_ai_ci`,
  ALGORITHM=COPY, LOCK=SHARED;
```

## When not to follow it

Programs depend on how the column compares now: case, accents and trailing spaces may count otherwise in the other
collation, and values that differ now may be equal then, which a unique index refuses.

Source: MySQL manual, "Collation Coercibility in Expressions", "Converting Between 3-Byte and 4-Byte Unicode Character
Sets"; MariaDB, "Character Set and Collation Overview", optimizer_switch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.ddl.mysql_alter import modify_column
from dbtune.model.access import Join, RelationUse
from dbtune.model.mysql import MySQLColumn
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change, Evidence, Subject
from dbtune.model.schema import Column, Table
from dbtune.model.units import human_bytes
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_rewriting import Rewritten, converting_other_side, leading_index, rewritten
from dbtune.rules.mysql_types import is_text
from dbtune.rules.mysql_widening import tied_columns
from dbtune.rules.registry import rule
from dbtune.rules.wording import cost_words, statement_words, table_words
from dbtune.sql.mysql_definitions import Definition, with_collation

_BREADTH = {"utf8mb4": 4, "utf16": 4, "utf32": 4, "utf16le": 4, "utf8mb3": 3, "utf8": 3, "ucs2": 3, "ascii": 1}
OTHERS = 2


@dataclass(frozen=True)
class Mismatch:
    """A column whose values are converted, and the one it is joined with."""

    table: QualifiedName
    column: str
    other_table: QualifiedName
    other: str
    charset: str
    collation: str
    """Of the column whose values are converted."""

    @property
    def template(self) -> str:
        """What the other column is put into, so that the index can be used."""
        return f"CONVERT({{}} USING {self.charset}) COLLATE {self.collation}"


@rule(
    "query.collation-mismatch", group="query", severity="medium", dialects=("mysql", "mariadb"), confidence="estimated"
)
def collation_mismatch(ctx: Context) -> Iterator[Finding]:
    """Each pair of columns once, with all statements that join them."""
    found: dict[Mismatch, dict[str, Rewritten]] = {}
    wanted = {table.name for table in ctx.tables()}
    for planned in ctx.statements:
        for use in planned.facts.uses:
            for join in use.joins:
                pair = _mismatch(ctx, use, join)
                if pair is None or pair.table not in wanted:
                    continue
                edit = converting_other_side(use, join, pair.template)
                one = rewritten(ctx, planned, edit, f"{join.column} {join.other_column} converted")
                if one is not None and one.is_gain:
                    found.setdefault(pair, {})[planned.fingerprint] = one
    for pair, ones in found.items():
        yield _finding(ctx, pair, sorted(ones.values(), key=lambda one: -one.saved))


def _mismatch(ctx: Context, use: RelationUse, join: Join) -> Mismatch | None:
    """The join's columns, where those of the use are converted and an index on them is lost by that."""
    table, other_table = ctx.snapshot.table(use.table), ctx.snapshot.table(join.other_table)
    column = table.column(join.column) if table is not None else None
    other = other_table.column(join.other_column) if other_table is not None else None
    if table is None or column is None or other is None or not (is_text(column) and is_text(other)):
        return None
    if ctx.is_small(table) or leading_index(table, column.name) is None:
        return None
    if not is_converted(column, other, ctx.snapshot.server.dialect):
        return None
    own = column.mysql or MySQLColumn()
    return Mismatch(table.name, column.name, join.other_table, other.name, own.charset or "", own.collation or "")


def is_converted(column: Column, other: Column, dialect: str) -> bool:
    """Whether the column's values are converted to be compared with the other's."""
    own, far = column.mysql, other.mysql
    if own is None or far is None or own.collation == far.collation:
        return False
    if own.charset != far.charset:
        return _BREADTH.get(own.charset or "", OTHERS) < _BREADTH.get(far.charset or "", OTHERS)
    return dialect == "mysql" and _is_binary(far) and not _is_binary(own)


def _is_binary(column: MySQLColumn) -> bool:
    return (column.collation or "").endswith("_bin")


def _finding(ctx: Context, pair: Mismatch, ones: list[Rewritten]) -> Finding:
    table, other_table = ctx.snapshot.table(pair.table), ctx.snapshot.table(pair.other_table)
    other = other_table.column(pair.other) if other_table is not None else None
    assert table is not None
    index = leading_index(table, pair.column)
    assert other is not None
    assert index is not None
    far = other.mysql or MySQLColumn()
    other_name = f"{pair.other_table.name}.{pair.other}"
    total, saved = ctx.ledger.total, sum(one.saved for one in ones)
    first = ones[0]
    more = f", and {len(ones) - 1} more" if len(ones) > 1 else ""
    change = _change(ctx, table, pair, far)
    size = table.mysql.data_bytes if table.mysql is not None else 0
    return Finding(
        subject=Subject(table.name.schema, table.name.name, (pair.column,)),
        title=f"{pair.table}.{pair.column} and {pair.other_table}.{pair.other} have different collations",
        reason=(
            f"{statement_words(first.planned)}{more} joins {pair.column} of {table_words(ctx, table)}, "
            f"{pair.collation}, with {other_name}, {far.collation}. The former is converted value by value, so "
            f"its index {index.name} cannot be used. With {other_name} converted it is: "
            f"{cost_words(first.before.cost, first.after.cost)}."
        ),
        evidence=Evidence(
            "estimated",
            ctx.planner.name,
            cost_before=total,
            cost_after=total - saved,
            gain=saved / total if total > 0 else None,
            statements=tuple(one.evidence for one in ones),
        ),
        change=change,
        risk=(
            f"The table ({human_bytes(size)} without indexes) is copied, and writers wait meanwhile. Values that "
            "differ now may be equal then: a unique index refuses the change, other statements find more."
            if change.up
            else f"Foreign keys tie the column: their columns must be changed together. Or convert {other_name} in "
            "the statement."
        ),
        severity="high" if total > 0 and saved / total >= 0.2 else "medium",
        needs=frozenset({index.full_name}),
        key=repr((pair.column, str(pair.other_table), pair.other)),
    )


def _change(ctx: Context, table: Table, pair: Mismatch, far: MySQLColumn) -> Change:
    """The column with the other one's collation; none where a foreign key ties it to more columns."""
    clauses = Definition(table.mysql.definition if table.mysql is not None else "").columns
    tied = tied_columns(ctx.snapshot, table, pair.column)
    if len(tied) > 1 or pair.column not in clauses or far.charset is None or far.collation is None:
        return Change()
    up = with_collation(clauses[pair.column], far.charset, far.collation)
    # what the definition leaves out is the table's own, and will be again
    down = clauses[pair.column]
    return altered(ctx.snapshot, table, [modify_column(table.name, [up])], [modify_column(table.name, [down])])
