"""Partitioning on Postgres: in the shadow, with phases for a table that is in use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.candidates.partitions import KeyUse, partition_candidates
from dbtune.ddl.conversion import table_size
from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.splitting import can_split
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.recommendation import Change
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.units import human_bytes
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.partitions.axis import zone_of
from dbtune.planner.partitions.what_if import partitioned
from dbtune.rules.context import Context
from dbtune.rules.partition_plan import cannot_be_carried, change_of, conversion, pointing_tables, taken_name
from dbtune.rules.partition_times import moment_of

SIZE = re.compile(r"(\d+)(kB|MB|GB|TB)?\Z")
UNITS = {None: 8192, "kB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
"""Of sizes as the server prints them; a bare number counts pages."""


@dataclass(frozen=True)
class PostgresWays:
    """See ``partition_ways.Ways``."""

    memory_setting: str = "effective_cache_size"
    dropping: str = "DROP TABLE of a partition, which leaves nothing to vacuum"
    refusal_is_told: bool = False

    def memory_bytes(self, settings: Mapping[str, str]) -> int | None:
        found = SIZE.match(settings.get(self.memory_setting, ""))
        return int(found[1]) * UNITS[found[2]] if found is not None else None

    def candidates(
        self, snapshot: Snapshot, table: Table, uses: Mapping[str, KeyUse], least: float
    ) -> Sequence[PartitionScheme]:
        return partition_candidates(table, uses, least, moment_of(snapshot), zone_of(snapshot))

    def partitioned(
        self, ctx: Context, table: Table, scheme: PartitionScheme, statements: Sequence[PlannedStatement]
    ) -> Snapshot:
        return partitioned(_part_of(ctx, table, statements), scheme)

    def is_filled(self, part: Table) -> bool:
        return part.file_pages > 0

    def blockers(self, ctx: Context, table: Table, scheme: PartitionScheme) -> Iterator[str]:
        yield from _keys_in_the_way(ctx, table, scheme)
        yield from cannot_be_carried(ctx.snapshot, table)
        taken = taken_name(ctx.snapshot, table, scheme)
        if taken is not None:
            yield f"there is something of the name {taken} already"

    def change(self, snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Change:
        return change_of(snapshot, table, scheme)

    def risks(self, ctx: Context, table: Table, scheme: PartitionScheme, change: Change) -> Iterator[str]:
        if scheme.kind == "range":
            yield "Partitions must be made ahead of time, or rows end in the default one."
        if change.phases and any(index.table == table.name for index in ctx.configuration.add):
            yield (
                "The phases are for the table as it is: if you build its new indexes first, run dbtune again before "
                "them."
            )
        plan = conversion(ctx.snapshot, table, scheme)
        if isinstance(plan, str):
            yield f"How to get there is not told here: {plan}."
        elif scheme.kind != "range":
            yield from _copy_risks(plan)
        elif not can_split(plan):
            yield "Rows from before the conversion stay in one partition, so that statements on them gain nothing."


def _copy_risks(plan: Conversion) -> Iterator[str]:
    size = human_bytes(table_size(plan.table))
    yield f"All rows are copied ({size}, and the indexes), and until the last phase every write is made twice."
    if not plan.column.not_null and plan.key is not None:
        yield f"From the first phase on a row without {plan.column.name} is refused."
    if plan.scheme.kind == "hash":
        yield "Another number of partitions later means another copy."


def _part_of(ctx: Context, table: Table, statements: Iterable[PlannedStatement]) -> Snapshot:
    """The snapshot with the tables alone that the statements use: a shadow of it is made in no time."""
    if any(not p.facts.parsed or p.facts.unresolved for p in statements):
        return ctx.snapshot
    used = {table.name} | {name for planned in statements for name in planned.facts.tables}
    wanted = {relative for name in used for relative in ctx.ledger.relatives(name)}
    return replace(ctx.snapshot, tables=tuple(one for one in ctx.snapshot.tables if one.name in wanted))


def _keys_in_the_way(ctx: Context, table: Table, scheme: PartitionScheme) -> Iterator[str]:
    pointing = pointing_tables(ctx.snapshot, table, without=scheme.column)
    if pointing:
        names = ", ".join(map(str, pointing[:3]))
        yield (
            f"foreign keys of {names} point here, and could not stay: a key of the partitioned table must hold "
            f"{scheme.column}"
        )
    primary = table.primary_key
    for index in table.indexes:
        own = primary is not None and index.name == primary.index
        if index.exclusion:
            yield f"the exclusion constraint {index.name} cannot be kept"
        elif index.unique and not own and scheme.column not in index.columns:
            columns = ", ".join(index.columns)
            yield f"{index.name} keeps ({columns}) unique, which no key with {scheme.column} in it does"
