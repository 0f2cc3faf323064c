"""Rows for all tables of the scratch server: production's own, or made ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from dbtune.connect.mysql import MySQLSession, read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.figures import SampledTable
from dbtune.planner.mysql.scratch.host import ScratchHost
from dbtune.planner.mysql.scratch.made_rows import made_rows
from dbtune.planner.mysql.scratch.rows import MOST_ROWS, Sample, count, fill, sample, stored_columns
from dbtune.planner.mysql.scratch.statistics import believed_rows

SAMPLING_TIMEOUT_MS = 30_000

MADE = Limit(
    "rows",
    "no row left production: those on the scratch server are made from statistics, one column at a time; what is known "
    "of columns without index and histogram is a guess, and gains on them are told too small",
)


@dataclass(frozen=True)
class Origin:
    """What a table was before a migration."""

    table: QualifiedName
    columns: Mapping[str, str]
    """Former names of its columns; new ones are not among them."""
    new_indexes: frozenset[str] = frozenset()
    """Indexes that it did not have, or not so: there are no statistics of them."""
    partitioned_anew: bool = False
    """It is in other partitions, or in none any more: there are no statistics of them."""


@dataclass
class RowSource:
    """Where rows come from: a sample of the target's tables, or None: they are made. What was had once is kept, so that
    the databases can be laid anew with the same rows after a migration."""

    target: DatabaseUrl | None = None
    most_rows: int = MOST_ROWS
    origins: Mapping[QualifiedName, Origin] | None = None
    """Of tables that are filled with what ``kept`` holds; None: each from its own."""
    kept: dict[QualifiedName, tuple[Sample, bool]] = field(default_factory=dict)
    """By table: its rows, and whether they are production's."""

    def after(self, origins: Mapping[QualifiedName, Origin]) -> RowSource:
        """The same rows for the tables as a migration leaves them."""
        return RowSource(self.target, self.most_rows, origins, self.kept)

    def origin(self, table: QualifiedName) -> Origin | None:
        """What the table was before the migration; None where there was none, or no migration."""
        return None if self.origins is None else self.origins.get(table)

    def rows_kept(self, table: Table) -> tuple[Sample, bool] | None:
        """Rows that were had before, of the columns that are still there; None where there are none to be used.

        Made ones are of no use to a unique key that is new.
        """
        origin = self.origin(table.name)
        found = None if origin is None else self.kept.get(origin.table)
        if origin is None or found is None:
            return None
        rows, drawn = found
        if not drawn and any(index.unique and index.name in origin.new_indexes for index in table.indexes):
            return None
        places = {name: place for place, name in enumerate(rows.columns)}
        names = [column.name for column in stored_columns(table) if origin.columns.get(column.name, "") in places]
        wanted = [places[origin.columns[name]] for name in names]
        return Sample([[row[place] for place in wanted] for row in rows.rows], names, rows.of), drawn


def fill_tables(
    host: ScratchHost,
    snapshot: Snapshot,
    tables: list[Table],
    source: RowSource,
    progress: Progress,
) -> tuple[dict[QualifiedName, SampledTable], list[Limit]]:
    """Rows in all the tables: those kept, else sampled where there is a target, else made."""
    host.session.run("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    limits: list[Limit] = []
    found: dict[QualifiedName, SampledTable] = {}
    for table, rows, drawn in _rows(snapshot, tables, source, progress):
        fill(host.session, table, rows.columns, rows.rows)
        if host.version.family == "mariadb":
            # as every later ALTER TABLE does: else the first plans know the table as it was when it was made, empty
            host.session.rows(f"ANALYZE TABLE {qualified(table.name)} PERSISTENT FOR COLUMNS () INDEXES ()")
        there = count(host.session, table)
        believed = max(believed_rows(table), float(there)) if drawn else believed_rows(table)
        found[table.name] = SampledTable(table, believed, there, rows.of, drawn=drawn)
        if rows.refusal is not None:
            why = f"made from statistics, since none could be read: {rows.refusal}"
            limits.append(Limit(f"rows of {table.name}", why))
    if source.target is None:
        limits.append(MADE)
    return found, limits


def _rows(
    snapshot: Snapshot, tables: Sequence[Table], source: RowSource, progress: Progress
) -> Iterator[tuple[Table, Sample, bool]]:
    """The rows of each table, and whether they are production's."""
    with ExitStack() as stack:
        session: MySQLSession | None = None
        if source.target is not None and source.origins is None:
            limited = read_only_session(source.target, statement_timeout_ms=SAMPLING_TIMEOUT_MS)
            session = stack.enter_context(limited)
        for number, table in enumerate(tables):
            known = source.rows_kept(table)
            if known is None:
                if session is not None:
                    progress.step("taking a sample of the rows", number, len(tables))
                known = _had(snapshot, table, source, session)
                if source.origins is None:
                    source.kept[table.name] = known
            yield table, *known


def _had(snapshot: Snapshot, table: Table, source: RowSource, session: MySQLSession | None) -> tuple[Sample, bool]:
    """Sampled where there is a session, else made."""
    size = believed_rows(table)
    refusal: str | None = None
    if session is not None:
        drawn = sample(session, table, size, source.most_rows)
        if drawn.refusal is None:
            return drawn, True
        refusal = drawn.refusal
    parents = _referenced_rows(snapshot, table)
    rows = made_rows(table, size, round(min(size, source.most_rows)), snapshot.collected_at, parents)
    return Sample(rows, [column.name for column in stored_columns(table)], size, refusal), False


def _referenced_rows(snapshot: Snapshot, table: Table) -> dict[str, float]:
    """Rows of the table that a column references: it has no more values than these."""
    found: dict[str, float] = {}
    for key in table.foreign_keys:
        parent = snapshot.table(key.referenced_table) if key.referenced_table is not None else None
        if parent is not None and len(key.columns) == 1:
            found[key.columns[0]] = max(1.0, believed_rows(parent))
    return found
