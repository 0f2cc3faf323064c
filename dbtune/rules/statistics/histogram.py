"""A column that statements filter by, of whose values the optimiser knows nothing.

Without an index that begins with the column and without a histogram MySQL takes an equality to leave a tenth of the
rows, an open range a third, a closed one a ninth, whatever the values; MariaDB guesses alike. In a join the guess
decides which table is read first. A histogram says how often each value is there; it costs no write anything, and is
made by hand (MySQL 8.4 can keep it up to date: `AUTO UPDATE`).

What it would change cannot be known before it is made, so this is only told, for statements that join and that take a
twentieth of the workload's cost at least.

## Example

```sql
ANALYZE TABLE `shop`.`orders` UPDATE HISTOGRAM ON `state` WITH 100 BUCKETS;      -- MySQL
ANALYZE TABLE `shop`.`orders` PERSISTENT FOR COLUMNS (`state`) INDEXES ();       -- MariaDB
```

## When not to follow it

The values are spread evenly, about ten different ones: then the guess is right.

Source: MySQL manual, "Optimizer Statistics", "Condition Filtering"; MariaDB, "Histogram-Based Statistics".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_histograms import make_histograms
from dbtune.model.access import RelationUse
from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Table
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_tables import version_of
from dbtune.rules.registry import rule
from dbtune.rules.wording import statement_words, table_words

LEAST_SHARE = 0.05
FILTERS = frozenset({"equal", "in", "range"})


@rule(
    "statistics.histogram", group="statistics", severity="info", dialects=("mysql", "mariadb"), confidence="heuristic"
)
def missing_histogram(ctx: Context) -> Iterator[Finding]:
    """Each table once, with all its columns of that kind."""
    version = version_of(ctx.snapshot)
    if not (version.has(MySQLAbility.COLUMN_STATISTICS_VIEW) or version.has(MySQLAbility.JSON_HISTOGRAMS)):
        return
    total = ctx.ledger.total
    found: dict[str, tuple[Table, dict[str, None], PlannedStatement]] = {}
    by_cost = sorted(ctx.statements, key=lambda p: -p.calls * ctx.ledger.costs[p.fingerprint].cost)
    wanted = {table.name: table for table in ctx.tables()}
    for planned in by_cost:
        cost = planned.calls * ctx.ledger.costs[planned.fingerprint].cost
        if len(planned.facts.uses) < 2 or not total or cost < LEAST_SHARE * total:
            continue
        for use in planned.facts.uses:
            table = wanted.get(use.table)
            columns = [] if table is None or ctx.is_small(table) else list(_unknown(ctx, table, use))
            if table is not None and columns:
                _, known, _ = found.setdefault(str(table.name), (table, {}, planned))
                known.update(dict.fromkeys(columns))
    for table, columns_of, planned in found.values():
        yield _finding(ctx, table, tuple(sorted(columns_of)), planned)


def _unknown(ctx: Context, table: Table, use: RelationUse) -> Iterator[str]:
    """Columns that conditions with constants are on, and nothing is known of."""
    first = {index.keys[0].column for index in (*table.indexes, *ctx.kept_indexes(table))}
    for predicate in use.predicates:
        column = table.column(predicate.column) if predicate.column is not None else None
        if column is None or "text" in column.type_name.name or "blob" in column.type_name.name:
            continue  # long values are rarely alike
        if predicate.kind not in FILTERS or predicate.disjunct or not predicate.constant:
            continue
        if column.name not in first and column.statistics is None:
            yield column.name


def _finding(ctx: Context, table: Table, columns: tuple[str, ...], planned: PlannedStatement) -> Finding:
    statement = make_histograms(table.name, columns, ctx.snapshot.server.dialect)
    which = columns[0] if len(columns) == 1 else f"{', '.join(columns[:-1])} and {columns[-1]}"
    return Finding(
        subject=Subject(table.name.schema, table.name.name, columns),
        title=f"Nothing is known of the values of {which} in {table.name}",
        reason=(
            f"{statement_words(planned)} filters {table_words(ctx, table)} by {which}: no index begins so, and "
            f"there is no histogram, so the optimiser guesses the same share for every value. {statement} makes one; "
            "EXPLAIN shows afterwards whether a plan is better by it."
        ),
        evidence=Evidence("heuristic"),
        key="histogram",
    )
