"""Columns that go together, which the planner takes to be independent.

The planner knows each column by itself. Conditions on several columns of a table it multiplies: a tenth of the rows by
the country and a hundredth by the city make a thousandth by both, though the city gives the country. Where an execution
shows that there are many more rows (or far fewer) than that, statistics of the columns together tell the planner so.
The same goes for the number of groups of a GROUP BY.

The rule speaks only where rows were counted: plans that `auto_explain` wrote to the log with `log_analyze`
(`--log`), or statements run once on the user's wish (`--explain-analyze`). It never guesses.

## Example

```sql
SELECT * FROM orders WHERE country = 'CH' AND city = 'Bern';   -- 40 rows estimated, 4,000 there

CREATE STATISTICS public.stats_orders_city_country (dependencies, mcv) ON city, country FROM public.orders;
ANALYZE public.orders;
```

## When not to follow it

The values of the execution are none that matter, or the table's statistics were old: analyse it first and look again.

Source: PostgreSQL manual, "Extended Statistics" and "Multivariate Statistics Examples"; Leis et al., "How Good Are
Query Optimizers, Really?", VLDB 2015.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.ddl.quoting import qualified
from dbtune.ddl.statistics import MOST_COLUMNS, create_statistics, drop_statistics, statistics_name
from dbtune.model.plan import Plan
from dbtune.model.recommendation import Change, Evidence, StatementEvidence, Subject
from dbtune.model.schema import Table
from dbtune.model.units import human_count, plural
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.robustness.known import seen_nodes
from dbtune.planner.robustness.places import columns_of, is_guess, own_conditions
from dbtune.planner.robustness.tree import Node, referenced, relation_names, tree_of
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.registry import rule
from dbtune.rules.wording import short_text

LARGE = 5.0
"""An estimate wrong by this factor, either way, changes plans."""

MANY_ROWS = 100.0
"""Estimates and counts that are both smaller matter to nobody."""


@dataclass(frozen=True)
class Misjudged:
    """One place in an executed plan. ``kinds``: of statistics that would have told."""

    table: Table
    columns: tuple[str, ...]
    kinds: tuple[str, ...]
    planned: PlannedStatement
    estimated: float
    actual: float

    @property
    def size(self) -> float:
        ratio = max(self.actual, 1.0) / max(self.estimated, 1.0)
        return max(ratio, 1 / ratio)


@rule("statistics.correlated", group="statistics", severity="medium", confidence="estimated")
def correlated_columns(ctx: Context) -> Iterator[Finding]:
    """Each set of columns once, with all kinds of statistics that help; the worst misestimate first."""
    found: dict[tuple[str, tuple[str, ...]], list[Misjudged]] = {}
    for planned in ctx.statements:
        for plan in ctx.executed.get(planned.fingerprint, ()):
            for one in (*_scans(ctx, planned, plan), *_groupings(ctx, planned, plan)):
                found.setdefault((str(one.table.name), one.columns), []).append(one)
    for places in sorted(found.values(), key=lambda all_: -max(one.size for one in all_)):
        yield _finding(ctx, sorted(places, key=lambda one: -one.size))


def _scans(ctx: Context, planned: PlannedStatement, plan: Plan) -> Iterator[Misjudged]:
    for seen in seen_nodes(plan):
        node = seen.node
        if not node.is_scan or seen.size < LARGE:
            continue
        conditions = list(own_conditions(node))
        if any(is_guess(text) for text in conditions):
            continue  # a wrong guess explains the error as well
        columns = {column.strip('"') for text in conditions for column in columns_of(text)}
        equal = all(" = " in text and not text.startswith("((") for text in conditions)
        kinds = ("dependencies", "mcv") if equal else ("mcv",)
        # the node's own count is one worker's: the table's rows are told by the ratio
        yield from _place(ctx, planned, node, columns, kinds, node.source.rows, node.source.rows * seen.ratio)


def _groupings(ctx: Context, planned: PlannedStatement, plan: Plan) -> Iterator[Misjudged]:
    for node in tree_of(plan).walk():
        source = node.source
        whole = "Partial" not in (source.strategy or "")
        if source.type != "Aggregate" or not whole or source.actual_rows is None or not source.actual_loops:
            continue
        aliases = {name for key in source.sort_keys for name in referenced(key)}
        if len(aliases) > 1 or len(source.sort_keys) < 2:
            continue
        scans = [n for n in node.walk() if n.is_scan and (not aliases or n.aliases <= aliases)]
        columns = {key.rsplit(".", 1)[-1].strip('"') for key in source.sort_keys}
        if len(scans) == 1:
            yield from _place(ctx, planned, scans[0], columns, ("ndistinct",), source.rows, source.actual_rows)


def _place(
    ctx: Context,
    planned: PlannedStatement,
    node: Node,
    columns: set[str],
    kinds: tuple[str, ...],
    estimated: float,
    actual: float,
) -> Iterator[Misjudged]:
    """The place, where there is a table of the snapshot and the columns' own statistics are not what is missing."""
    name = relation_names(node).get(node.source.alias or "")
    table = ctx.snapshot.table(name) if name is not None else None
    if table is None or not 2 <= len(columns) <= MOST_COLUMNS or max(estimated, actual) < MANY_ROWS:
        return
    known = [table.column(column) for column in sorted(columns)]
    if any(column is None or column.statistics is None for column in known):
        return
    one = Misjudged(table, tuple(sorted(columns)), kinds, planned, estimated, actual)
    if one.size >= LARGE and not _is_there(ctx, one):
        yield one


def _is_there(ctx: Context, one: Misjudged) -> bool:
    """Statistics of these columns exist: others would tell nothing new."""
    return any(
        existing.table == one.table.name
        and set(one.columns) <= set(existing.columns)
        and set(existing.kinds) & set(one.kinds)
        for existing in ctx.snapshot.extended_statistics
    )


def _finding(ctx: Context, places: list[Misjudged]) -> Finding:
    worst = places[0]
    table = worst.table.name
    kinds = tuple(kind for kind in ("ndistinct", "dependencies", "mcv") if any(kind in one.kinds for one in places))
    taken = {one.name.name for one in ctx.snapshot.extended_statistics if one.name.schema == table.schema}
    name = statistics_name(table, worst.columns, taken)
    what = "groups of" if worst.kinds == ("ndistinct",) else "rows by"
    columns = f"{', '.join(worst.columns[:-1])} and {worst.columns[-1]}"
    statements = {one.planned.fingerprint: one.planned for one in places}
    others = f", and {plural(len(statements) - 1, 'more statement')}" if len(statements) > 1 else ""
    return Finding(
        subject=Subject(table.schema, table.name, worst.columns),
        title=f"Statistics of {table} ({', '.join(worst.columns)}) together",
        reason=(
            f"`{short_text(worst.planned.statement.text)}`: {human_count(worst.estimated)} {what} {columns} of {table} "
            f"estimated, {human_count(worst.actual)} counted{others}. The planner takes the columns to be independent."
        ),
        evidence=Evidence("estimated", statements=tuple(_evidence(one) for one in statements.values())),
        change=Change(
            (create_statistics(name, table, kinds, worst.columns), f"ANALYZE {qualified(table)}"),
            (drop_statistics(name),),
        ),
        risk="ANALYZE takes a little longer, and so does planning. Plans on the table may change, which is the aim.",
        key=repr((worst.columns, "statistics")),
    )


def _evidence(planned: PlannedStatement) -> StatementEvidence:
    statement = planned.statement
    return StatementEvidence(statement.fingerprint, statement.calls, None, None, statement.text, statement.total_ms)
