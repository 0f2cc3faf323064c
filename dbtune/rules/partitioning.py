"""What partitioning a table would do: planned statement by statement, with what speaks for it and what against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log10

from dbtune.candidates.partitions import KeyUse, key_uses
from dbtune.model.access import Predicate
from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.plan import Confidence
from dbtune.model.schema import Table
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.units import plural
from dbtune.model.workload import Limit
from dbtune.planner.gate import Gate, PlannedStatement, StatementCost
from dbtune.planner.partitions.pruning import parts_read, prunes, settled_cost
from dbtune.rules.context import Context
from dbtune.rules.mysql_tables import is_mysql
from dbtune.rules.partition_tree import leaves
from dbtune.rules.partition_ways import Ways, table_bytes
from dbtune.rules.partition_ways_mysql import MySQLWays
from dbtune.rules.partition_ways_postgres import PostgresWays

LEAST_USE = 0.1
"""Share of the cost of a table's statements that must fix a column, for it to be thought of as a key."""

ENOUGH_PRUNE = 0.8
"""Share of the cost of a table's statements that must leave most partitions alone."""

NEARLY_AS_GOOD = 0.05
"""Fewer partitions are preferred where the workload costs no more than this share above the cheapest: prices are not
more accurate than that (docs/partitioning-benchmark.md)."""

SAME_COST = 0.01

MOST_TABLES = 10
"""That are looked at: pricing one takes seconds, and it is a great step."""

PLANNING_MS: Mapping[Dialect, Sequence[tuple[int, float]]] = {
    "postgres": ((10, 0.04), (100, 0.4), (1000, 8.0)),
    "mysql": ((10, 0.02), (100, 0.3), (1000, 3.5)),
    "mariadb": ((10, 0.01), (100, 0.15), (1000, 1.7)),
}
"""Milliseconds that planning a statement takes for so many partitions in it (docs/partitioning.md)."""


def ways_of(snapshot: Snapshot) -> Ways:
    """Those of the snapshot's kind of server."""
    return MySQLWays() if is_mysql(snapshot) else PostgresWays()


@dataclass(frozen=True)
class PricedStatement:
    """A statement before and after. ``parts``: partitions that its plans read, on average over its texts."""

    planned: PlannedStatement
    before: StatementCost
    after: StatementCost
    parts: float

    @property
    def change(self) -> float:
        """Calls times cost: positive where it gets dearer."""
        return self.planned.calls * (self.after.cost - self.before.cost)

    @property
    def weight(self) -> float:
        return self.planned.calls * self.before.cost


@dataclass(frozen=True)
class Pricing:
    """A scheme, and the statements on its table planned under it."""

    scheme: PartitionScheme
    statements: tuple[PricedStatement, ...]
    failed: tuple[tuple[PlannedStatement, str], ...]
    """Those that the server refuses on the partitioned table, with its reason."""
    filled: int
    """Partitions that hold rows."""
    confidence: Confidence
    """The grade that the planner's answers deserve."""

    @property
    def before(self) -> float:
        return sum(one.weight for one in self.statements)

    @property
    def after(self) -> float:
        return self.before + sum(one.change for one in self.statements)

    @property
    def gain(self) -> float:
        """Share of the cost of the table's statements that is saved; negative where they get dearer."""
        return (self.before - self.after) / self.before if self.before > 0 else 0.0

    @property
    def pruned(self) -> float:
        """Share of the cost that prunes."""
        return self._share(lambda one: one.weight)

    @property
    def pruned_calls(self) -> float:
        return self._share(lambda one: one.planned.calls)

    def prunes(self, one: PricedStatement) -> bool:
        return prunes(one.parts, self.filled)

    @property
    def losers(self) -> tuple[PricedStatement, ...]:
        """Statements that get dearer, the one that loses most first."""
        worse = [one for one in self.statements if one.after.cost > one.before.cost * (1 + SAME_COST)]
        return tuple(sorted(worse, key=lambda one: (-one.change, one.planned.fingerprint)))

    @property
    def winners(self) -> tuple[PricedStatement, ...]:
        better = [one for one in self.statements if one.after.cost < one.before.cost * (1 - SAME_COST)]
        return tuple(sorted(better, key=lambda one: (one.change, one.planned.fingerprint)))

    def before_without(self, one: PricedStatement) -> float:
        """What all others cost."""
        return self.before - one.weight

    def after_without(self, one: PricedStatement) -> float:
        return self.after - one.weight - one.change

    def _share(self, weight: Callable[[PricedStatement], float]) -> float:
        total = sum(weight(one) for one in self.statements)
        return sum(weight(one) for one in self.statements if self.prunes(one)) / total if total > 0 else 0.0


@dataclass(frozen=True)
class Assessment:
    """A table, the best scheme found for it, and what speaks for and against."""

    table: Table
    scheme: PartitionScheme
    """The best one; where nobody could price any, the one thought of first."""
    best: Pricing | None
    tried: int
    uses: Mapping[str, KeyUse]
    blockers: tuple[str, ...]
    retention: tuple[PlannedStatement, ...]
    """DELETEs of whatever is older than something, by the key."""
    cost: float
    """Of all statements on the table as it is: calls times cost."""


def assessments(ctx: Context) -> Iterator[Assessment]:
    """Of the dearest tables that are large enough and whose statements fix some column, while there is time."""
    for table in _dearest(ctx, [table for table in ctx.tables() if is_candidate(ctx, table)]):
        assessment = None if ctx.is_late else _assess(ctx, table)
        if assessment is not None:
            yield assessment


def not_priced(ctx: Context) -> Limit | None:
    """Why no partitions were priced, where the planner prices none and there is a table to think of them for."""
    why = ctx.planner.keeps_schema
    tables = [table for table in ctx.tables() if is_candidate(ctx, table)] if why else []
    named = [str(table.name) for table in _dearest(ctx, tables) if _candidates(ctx, table)]
    if not named:
        return None
    more = f" and {plural(len(named) - 1, 'more table')}" if len(named) > 1 else ""
    return Limit(f"partitions of {named[0]}{more}", f"none were priced: {why}")


def _candidates(ctx: Context, table: Table) -> Sequence[PartitionScheme]:
    """What is thought of for the table, by the cost of its statements."""
    statements, cost = ctx.ledger.touching(table.name), _costs_on(ctx, table)
    total = sum(cost.values())
    if total <= 0:
        return ()
    return ways_of(ctx.snapshot).candidates(ctx.snapshot, table, key_uses(table, statements, cost), LEAST_USE * total)


def _dearest(ctx: Context, tables: Sequence[Table]) -> list[Table]:
    """Those whose statements cost most, without those that have less to gain than is worth a word."""
    costs = {table.name: sum(_costs_on(ctx, table).values()) for table in tables}
    least = ctx.options.min_gain * ctx.ledger.total
    ranked = sorted(tables, key=lambda table: (-costs[table.name], table.name))
    return [table for table in ranked if costs[table.name] >= least][:MOST_TABLES]


def _costs_on(ctx: Context, table: Table) -> dict[str, float]:
    """Of each statement that touches the table, by fingerprint: planner units over the workload."""
    return {p.fingerprint: p.calls * ctx.ledger.costs[p.fingerprint].cost for p in ctx.ledger.touching(table.name)}


def is_candidate(ctx: Context, table: Table) -> bool:
    """A large ordinary table outside any inheritance."""
    return (
        table.kind == "table"
        and table.persistence == "permanent"
        and table.partition_key is None
        and not table.parents
        and not ctx.snapshot.children(table.name)
        and table_bytes(ctx, table) >= ctx.options.partition_bytes
    )


def memory_bytes(snapshot: Snapshot) -> int | None:
    """What the operator says there is for caching; None where not known."""
    return ways_of(snapshot).memory_bytes(snapshot.settings)


def planning_ms(parts: int, dialect: Dialect = "postgres") -> float:
    """Time to plan a statement with so many partitions, between and beyond the measured points."""
    points = PLANNING_MS[dialect]
    low, high = (points[0], points[1]) if parts <= points[1][0] else (points[1], points[2])
    slope = log10(high[1] / low[1]) / log10(high[0] / low[0])
    return float(low[1] * (max(parts, 1) / low[0]) ** slope)


def _assess(ctx: Context, table: Table) -> Assessment | None:
    statements, cost = ctx.ledger.touching(table.name), _costs_on(ctx, table)
    uses = key_uses(table, statements, cost)
    candidates = _candidates(ctx, table)
    if not candidates:
        return None
    pricings = [one for scheme in candidates if (one := price(ctx, table, scheme, statements)) is not None]
    best = best_of(pricings)
    scheme = best.scheme if best is not None else candidates[0]
    retention = tuple(p for p in statements if _deletes_old(p, table.name, scheme.column))
    blockers = tuple(_blockers(ctx, table, scheme, best))
    return Assessment(table, scheme, best, len(pricings), uses, blockers, retention, sum(cost.values()))


def best_of(pricings: Sequence[Pricing]) -> Pricing | None:
    """The fewest partitions among those nearly as cheap as the cheapest; last where a statement is refused."""
    accepted = [one for one in pricings if not one.failed] or list(pricings)
    if not accepted:
        return None
    least = min(one.after for one in accepted)
    good = [one for one in accepted if one.after <= least + NEARLY_AS_GOOD * abs(least)]
    return min(good, key=lambda one: (len(one.scheme.parts), one.after))


def price(
    ctx: Context, table: Table, scheme: PartitionScheme, statements: Sequence[PlannedStatement]
) -> Pricing | None:
    """Plan the statements on the table under the scheme, with all advice accepted so far; None where nobody can."""
    ways = ways_of(ctx.snapshot)
    snapshot = ways.partitioned(ctx, table, scheme, statements)
    try:
        planner = ctx.planner.changed(snapshot)
    except PlannerUnavailable:
        return None
    if planner is None:
        return None
    try:
        gate = Gate(planner)
        changed = snapshot.table(table.name)
        parts = leaves(snapshot, changed) if changed is not None else ()
        filled = frozenset(part.name for part in parts if ways.is_filled(part))
        priced, failed = [], []
        for planned in statements:
            try:
                after = gate.cost(planned, ctx.configuration)
            except PlanFailed as error:
                failed.append((planned, error.reason))
                continue
            before = ctx.ledger.costs[planned.fingerprint]
            priced.append(
                PricedStatement(
                    planned,
                    replace(before, cost=settled_cost(planned, before)),
                    replace(after, cost=settled_cost(planned, after)),
                    parts_read(planned, after, filled),
                )
            )
        confidence = planner.confidence
    finally:
        planner.close()
    return Pricing(scheme, tuple(priced), tuple(failed), len(filled), confidence)


def _deletes_old(planned: PlannedStatement, table: QualifiedName, column: str) -> bool:
    """``DELETE … WHERE created_at < …``."""

    def older(one: Predicate) -> bool:
        return one.column == column and one.kind == "range" and one.operator in ("<", "<=") and one.constant

    deletes = any(write.table == table and write.kind == "delete" for write in planned.facts.writes)
    uses = [use for use in planned.facts.uses if use.table == table and use.written]
    return deletes and any(older(p) for use in uses for p in use.predicates)


def _blockers(ctx: Context, table: Table, scheme: PartitionScheme, best: Pricing | None) -> Iterator[str]:
    """What cannot be carried over, or would break."""
    column = table.column(scheme.column)
    yield from ways_of(ctx.snapshot).blockers(ctx, table, scheme)
    if column is not None and not column.not_null and column.statistics is not None and column.statistics.null_frac > 0:
        yield f"{column.name} is NULL in {column.statistics.null_frac:.0%} of the rows"
    if column is not None and column.generated:
        yield f"{column.name} is a generated column, which no key of a partitioned table may be"
    writes = ctx.writes.get(table.name)
    if writes is not None and scheme.column in writes.updated_columns:
        yield f"statements update {scheme.column}, which would move rows between partitions"
    for planned, reason in best.failed if best is not None else ():
        yield f"the server would refuse `{planned.statement.text[:60]}`: {reason}"
