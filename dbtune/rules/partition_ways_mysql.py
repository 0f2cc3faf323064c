"""Partitioning on MySQL and MariaDB: on the scratch server, by one ALTER TABLE that copies the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dbtune.candidates.mysql_partitions import mysql_partition_candidates
from dbtune.candidates.partitions import KeyUse
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.recommendation import Change
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.units import human_bytes
from dbtune.planner.gate import PlannedStatement
from dbtune.planner.mysql.partitioned import mysql_partitioned
from dbtune.planner.partitions.axis import zone_of
from dbtune.rules.context import Context
from dbtune.rules.mysql_partition_plan import mysql_blockers, mysql_change, mysql_risks
from dbtune.rules.mysql_tables import version_of
from dbtune.rules.partition_times import moment_of
from dbtune.rules.partition_ways import table_bytes


@dataclass(frozen=True)
class MySQLWays:
    """See ``partition_ways.Ways``."""

    memory_setting: str = "innodb_buffer_pool_size"
    dropping: str = "DROP PARTITION, which goes through no rows"
    refusal_is_told: bool = True

    def memory_bytes(self, settings: Mapping[str, str]) -> int | None:
        text = settings.get(self.memory_setting, "")
        return int(text) if text.isdigit() else None

    def candidates(
        self, snapshot: Snapshot, table: Table, uses: Mapping[str, KeyUse], least: float
    ) -> Sequence[PartitionScheme]:
        now, zone = moment_of(snapshot), zone_of(snapshot)
        has_default = version_of(snapshot).has(MySQLAbility.LIST_DEFAULT)
        return mysql_partition_candidates(table, uses, least, now, zone, has_default=has_default)

    def partitioned(
        self, ctx: Context, table: Table, scheme: PartitionScheme, statements: Sequence[PlannedStatement]
    ) -> Snapshot:
        return mysql_partitioned(ctx.snapshot, scheme)

    def is_filled(self, part: Table) -> bool:
        return part.rows > 0  # an empty one has a page too

    def blockers(self, ctx: Context, table: Table, scheme: PartitionScheme) -> Iterator[str]:
        return mysql_blockers(ctx.snapshot, table, scheme, ctx.ledger.touching(table.name))

    def change(self, snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Change:
        return mysql_change(snapshot, table, scheme)

    def risks(self, ctx: Context, table: Table, scheme: PartitionScheme, change: Change) -> Iterator[str]:
        yield (
            f"The server copies the table ({human_bytes(table_bytes(ctx, table))}), and its writers wait that "
            "long, unless one of the tools does it."
        )
        yield from mysql_risks(ctx.snapshot, scheme)
