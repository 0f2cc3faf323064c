"""A primary key of UUIDs: written as text, or in random order.

InnoDB keeps the rows in the order of the primary key, and puts the key into every entry of every other index. A UUID
as text takes 37 bytes there, as `BINARY(16)` (MariaDB: `uuid`) 16, as a bigint would be 8. Random ones (version 4) put
each new row on another page: pages stay part empty, and once the table is larger than the buffer pool nearly every
INSERT reads a page from disk. Those of version 1 begin with the fast part of the clock, which is as bad unless that
part is moved to the end (`UUID_TO_BIN(…, 1)`; MariaDB's `uuid` type does it by itself); version 7 is in order of time.

On MariaDB 10.7 and later a text column becomes `uuid` by one ALTER, and programs go on writing text. On MySQL a program
has to write `UUID_TO_BIN(…)` and read `BIN_TO_UUID(…)`, so there is no SQL to run here.

## Example

```sql
ALTER TABLE `shop`.`carts` MODIFY COLUMN `id` uuid NOT NULL, ALGORITHM=COPY, LOCK=SHARED;   -- MariaDB
```

## When not to follow it

Keys are made by many programs that cannot ask the server for numbers, and the table fits into memory: then it is the
price of that. The text is shown or compared in its exact spelling (upper case, without dashes). A value that is no UUID
by RFC 9562 (another version or variant) makes MariaDB refuse the ALTER; nothing is changed then.

Source: MySQL manual, "Clustered and Secondary Indexes", UUID_TO_BIN(); MariaDB, "UUID Data Type"; RFC 9562.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_alter import modify_column
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Column, Table
from dbtune.model.units import human_bytes
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_key_cost import KeyCost, with_narrower_column
from dbtune.rules.mysql_tables import is_innodb, version_of
from dbtune.rules.registry import rule
from dbtune.rules.wording import table_words
from dbtune.sql.mysql_definitions import Definition, with_type

TEXT_BYTES = 36.0
BINARY_BYTES = 16.0
NUMBER_BYTES = 8.0

_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?([0-9a-f])[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}\Z", re.IGNORECASE)
_NAMED = re.compile(r"(?:^|_)(?:uuid|guid)", re.IGNORECASE)
_IN_ORDER = frozenset("67")


@rule("schema.uuid-primary-key", group="schema", severity="low", dialects=("mysql", "mariadb"), confidence="estimated")
def uuid_primary_key(ctx: Context) -> Iterator[Finding]:
    """Primary keys that begin with a UUID."""
    for table in ctx.tables():
        key = table.primary_key
        first = table.column(key.columns[0]) if key is not None and key.columns else None
        if first is None or not is_innodb(table) or ctx.is_small(table) or not is_uuid(first):
            continue
        versions = known_versions(first)
        is_text = first.type_name.name in ("char", "varchar")
        if is_text or not versions or not versions <= _IN_ORDER:
            yield from _finding(ctx, table, first, versions, is_text=is_text)


def is_uuid(column: Column) -> bool:
    """By its type, which nothing else has as a key; else by its length and its name, its default or known values."""
    length = column.type.lower()
    if length in ("uuid", "char(36)", "binary(16)"):
        return True
    fits = length in ("varchar(36)", "char(32)", "varchar(32)", "varbinary(16)")
    named = bool(_NAMED.search(column.name)) or "uuid" in (column.default or "").lower()
    return fits and (named or bool(known_versions(column)))


def known_versions(column: Column) -> frozenset[str]:
    """Versions of the UUIDs among the values that statistics hold; empty where they hold none, or other values."""
    statistics = column.statistics
    values = (*statistics.most_common_vals, *statistics.histogram_bounds) if statistics is not None else ()
    found = [_UUID.match(value) for value in values]
    return frozenset(hit[1] for hit in found if hit is not None) if all(found) else frozenset()


def _finding(
    ctx: Context, table: Table, column: Column, versions: frozenset[str], *, is_text: bool
) -> Iterator[Finding]:
    rows = ctx.rows(table) or 0.0
    page_bytes = ctx.snapshot.server.block_size
    width = TEXT_BYTES if is_text else BINARY_BYTES
    goal = BINARY_BYTES if is_text else NUMBER_BYTES
    cost = with_narrower_column(table, column.name, rows, width, goal, page_bytes)
    clustered = table.mysql.data_bytes if table.mysql is not None else 0
    change = _as_uuid(ctx, table, column) if is_text else Change()
    pool = int(ctx.snapshot.settings.get("innodb_buffer_pool_size") or 0)
    outgrown = 0 < pool < clustered
    yield Finding(
        subject=Subject(table.name.schema, table.name.name, (column.name,)),
        title=f"{table.name}.{column.name} is a primary key of {'UUIDs as text' if is_text else 'UUIDs'}",
        reason=" ".join(
            words
            for words in (
                f"{table_words(ctx, table)} is ordered by {column.name} ({column.type}){_order_words(versions)}.",
                _width_words(table, cost, goal, is_text=is_text),
                f"The table ({human_bytes(clustered)}) is larger than the buffer pool ({human_bytes(pool)})."
                if outgrown
                else "",
                _remedy_words(ctx, change, is_text=is_text),
            )
            if words
        ),
        evidence=Evidence("estimated", bytes=cost.saved if change.up else None),
        change=change,
        risk="The table is copied, and writers wait meanwhile. Text is read back in lower case with dashes."
        if change.up
        else "",
        severity=_severity(outgrown=outgrown, has_change=bool(change.up)),
        key=column.name,
    )


def _severity(*, outgrown: bool, has_change: bool) -> Severity:
    if has_change:
        return "medium" if outgrown else "low"
    return "low" if outgrown else "info"


def _order_words(versions: frozenset[str]) -> str:
    if not versions:
        return "; of which version they are is not known: 7 is in order of time, 1 and 4 are not"
    if versions <= _IN_ORDER:
        return ", in order of time"
    return f", of version {' and '.join(sorted(versions))}: each new row goes to another page"


def _width_words(table: Table, cost: KeyCost, goal: float, *, is_text: bool) -> str:
    number = sum(1 for index in table.indexes if not index.primary and index.method == "btree")
    if not number:
        return ""
    which = "other index" if number == 1 else f"{number} other indexes"
    by = "one" if is_text else "a number"
    return (
        f"The key is in every entry of its {which}: {human_bytes(cost.now)} with it, and {human_bytes(cost.then)} with "
        f"{by} of {goal:.0f} bytes."
    )


def _remedy_words(ctx: Context, change: Change, *, is_text: bool) -> str:
    if change.up or not is_text:
        return ""
    if ctx.snapshot.server.dialect == "mysql":
        return "BINARY(16) needs programs that write UUID_TO_BIN(…) and read BIN_TO_UUID(…)."
    return "The type uuid would take 16 bytes: the columns that refer to it would have to be changed with it."


def _as_uuid(ctx: Context, table: Table, column: Column) -> Change:
    """MariaDB's own type, which takes and gives text; none where columns of other tables would have to go with it."""
    clauses = Definition(table.mysql.definition if table.mysql is not None else "").columns
    tied = any(
        (key.referenced_table == table.name and column.name in key.referenced_columns)
        or (other.name == table.name and column.name in key.columns)
        for other in ctx.snapshot.tables
        for key in other.foreign_keys
    )
    joined = any(
        use.table == table.name and any(join.column == column.name for join in use.joins)
        for planned in ctx.statements
        for use in planned.facts.uses
    )
    if tied or joined or column.name not in clauses or not version_of(ctx.snapshot).has(MySQLAbility.UUID_TYPE):
        return Change()
    up = modify_column(table.name, [with_type(clauses[column.name], "uuid")])
    return altered(ctx.snapshot, table, [up], [modify_column(table.name, [clauses[column.name]])])
