"""What a rule may look at."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from dbtune.model.digest import Digest
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import TableWrites
from dbtune.planner.gate import Gate, PlannedStatement
from dbtune.planner.protocol import Planner
from dbtune.planner.robustness.judging import Executed
from dbtune.rules.ledger import Ledger
from dbtune.rules.options import AdviseOptions
from dbtune.select.selection import Selection
from dbtune.select.upkeep import upkeep


@dataclass(frozen=True)
class Context:
    """The snapshot, the planned workload, the set of new indexes chosen, and the planner behind its gate.

    ``ledger`` holds what earlier findings change: a rule sees the indexes as they will be, and its own last finding is
    taken in before it looks further.
    """

    snapshot: Snapshot
    statements: tuple[PlannedStatement, ...]
    gate: Gate
    selection: Selection
    writes: Mapping[QualifiedName, TableWrites]
    options: AdviseOptions
    ledger: Ledger
    digest: Digest | None = None
    """What the logs say, where the run was given some."""
    executed: Executed = field(default_factory=dict)
    """Plans of statements that were run, with the actual rows."""
    deadline: float | None = None
    """``time.monotonic()`` after which nothing more is searched for."""

    @property
    def is_late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    @property
    def planner(self) -> Planner:
        return self.gate.planner

    @property
    def configuration(self) -> Configuration:
        """All that was accepted so far."""
        return self.ledger.configuration

    def tables(self) -> Iterator[Table]:
        """Tables of the chosen schemas, by name."""
        wanted = self.options.schemas
        for table in sorted(self.snapshot.tables, key=lambda table: table.name):
            if not wanted or table.name.schema in wanted:
                yield table

    def kept_indexes(self, table: Table) -> tuple[Index, ...]:
        """Valid indexes that the table will have: the existing ones that no finding drops, and the new ones."""
        new = sorted((i for i in self.configuration.add if i.table == table.name), key=lambda index: index.name)
        return (*self.existing_indexes(table), *new)

    def existing_indexes(self, table: Table) -> tuple[Index, ...]:
        """Valid existing indexes of the table that no finding drops."""
        dropped: Collection[QualifiedName] = self.configuration.drop
        return tuple(
            index
            for index in table.indexes
            if index.facts is not None and index.facts.valid and index.full_name not in dropped
        )

    def rows(self, table: Table) -> float | None:
        """Rows of the table, of all its partitions together where it has some; None where it was never analysed."""
        if table.kind == "partitioned":
            leaves = [self.rows(child) for child in self.snapshot.children(table.name)]
            return sum(rows for rows in leaves if rows is not None)
        if table.tuples < 0 or (table.tuples == 0 and table.pages == 0 and table.file_pages > 0):
            return None
        return table.rows

    def is_small(self, table: Table) -> bool:
        """Known to have fewer rows than an index is worth thinking of."""
        rows = self.rows(table)
        return rows is not None and rows < self.options.small_table_rows

    def index_bytes(self, index: Index) -> int:
        """Size now of an existing index with its partitions' ones, predicted size of a new one."""
        if index.facts is None:
            return self.planner.index_bytes(index)
        return index.facts.bytes + sum(self.index_bytes(child) for child in self.attached(index))

    def write_cost(self, index: Index, table: Table) -> float | None:
        """Planner units that the workload's writes pay for the index; None where no write to the table is known.

        The formula is Postgres': on other servers nothing is known.
        """
        writes = self.writes.get(table.name)
        if writes is None or self.snapshot.server.dialect != "postgres":
            return None
        return upkeep(index, table, writes, self.snapshot)

    def attached(self, index: Index) -> tuple[Index, ...]:
        """Indexes of partitions that are attached to a partitioned index, one level down."""
        return self.ledger.tree.attached(index)

    def scans(self, index: Index) -> int | None:
        """Scans of the index since the statistics' reset, its partitions' summed; None where not all are known."""
        if index.facts is None:
            return None
        children = self.attached(index)
        if not children:
            return index.facts.scans
        counts = [self.scans(child) for child in children]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None
