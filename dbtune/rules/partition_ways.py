"""What partitioning a table means on a kind of server: one object for Postgres, one for MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from dbtune.candidates.partitions import KeyUse
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.recommendation import Change
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.context import Context


class Ways(Protocol):
    """What differs between the servers."""

    @property
    def memory_setting(self) -> str:
        """The setting that says what memory there is for caching."""

    @property
    def dropping(self) -> str:
        """What deleting old rows becomes, and what that spares."""

    @property
    def refusal_is_told(self) -> bool:
        """Whether the server refuses to try a scheme for the very reasons that are to be told."""

    def memory_bytes(self, settings: Mapping[str, str]) -> int | None:
        """None where not known."""

    def candidates(
        self, snapshot: Snapshot, table: Table, uses: Mapping[str, KeyUse], least: float
    ) -> Sequence[PartitionScheme]:
        """Schemes for keys whose statements cost ``least`` at least."""

    def partitioned(
        self, ctx: Context, table: Table, scheme: PartitionScheme, statements: Sequence[PlannedStatement]
    ) -> Snapshot:
        """The snapshot with the table under the scheme, as the statements on it need it."""

    def is_filled(self, part: Table) -> bool:
        """Whether a partition holds rows."""

    def blockers(self, ctx: Context, table: Table, scheme: PartitionScheme) -> Iterator[str]:
        """What cannot be carried over, or would break."""

    def change(self, snapshot: Snapshot, table: Table, scheme: PartitionScheme) -> Change:
        """The way there and back."""

    def risks(self, ctx: Context, table: Table, scheme: PartitionScheme, change: Change) -> Iterator[str]:
        """What the way there asks of those who use the table."""


def table_bytes(ctx: Context, table: Table) -> int:
    """With its indexes."""
    own = max(table.total_bytes, table.file_pages * ctx.snapshot.server.block_size)
    return own + sum(index.facts.bytes for index in table.indexes if index.facts is not None)
