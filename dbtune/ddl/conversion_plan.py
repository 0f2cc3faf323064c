"""What the phases of a conversion are made of: the table, what it is to become, names and locks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.ddl.indexes import MAXIMUM_NAME_BYTES
from dbtune.ddl.partitions import KEYS, part_name
from dbtune.ddl.quoting import qualified
from dbtune.ddl.session import SHORT_LOCK_TIMEOUT
from dbtune.model.attachments import Attachments
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Column, Constraint, Index, Table
from dbtune.model.schema_objects import Sequence, View

SHORTER_THAN_A_DEADLOCK = "500ms"

LONGEST_STATEMENT = "30s"
"""Under a lock: far longer than any takes, unless something is wrong, and then it is taken back."""


@dataclass(frozen=True)
class Conversion:
    """A table and what it is to become."""

    table: Table
    scheme: PartitionScheme
    end: str
    """Of ranges: where the present rows end, and the next partitions begin: a bound of the scheme, ahead of all rows.
    Of lists and hashes, which all rows are copied to: empty."""
    attached: Attachments
    views: tuple[View, ...] = ()
    """Those made with the table."""
    sequences: tuple[Sequence, ...] = ()
    """Those that belong to a column of the table, without identities."""
    major: int = 18
    deadline: str | None = None
    """A time from which on the plan is too old, because rows beyond ``end`` may come."""

    @property
    def name(self) -> QualifiedName:
        return self.table.name

    @property
    def history(self) -> QualifiedName:
        """The table as it is, once it is a partition."""
        return QualifiedName(self.name.schema, part_name(self.name.name, "history"))

    @property
    def aside(self) -> QualifiedName:
        """The partitioned table on the way back."""
        return QualifiedName(self.name.schema, part_name(self.name.name, "partitioned"))

    @property
    def staging(self) -> QualifiedName:
        """The partitioned table that rows are copied to, beside the one in use."""
        return QualifiedName(self.name.schema, part_name(self.name.name, "split"))

    @property
    def mirror(self) -> QualifiedName:
        """The function that does the same to a copy, and by its last part the trigger that calls it."""
        return QualifiedName(self.name.schema, part_name(self.name.name, "mirror"))

    @property
    def check(self) -> str:
        return part_name(self.name.name, "partition_check")

    @property
    def column(self) -> Column:
        found = self.table.column(self.scheme.column)
        assert found is not None
        return found

    @property
    def ahead(self) -> tuple[Part, ...]:
        """Partitions after the present rows, the default one last."""
        return tuple(
            part for part in self.scheme.parts if part.is_default or _at_or_after(self.scheme, part.lower, self.end)
        )

    @property
    def past(self) -> tuple[Part, ...]:
        """Partitions of the present rows; the first one without a lower limit."""
        ahead = set(self.ahead)
        found = [part for part in self.scheme.parts if part not in ahead]
        return tuple(replace(part, lower=None) if n == 0 else part for n, part in enumerate(found))

    @property
    def key(self) -> Constraint | None:
        """The primary key, where it has to be widened."""
        key = self.table.primary_key
        return key if key is not None and self.scheme.column not in key.columns else None

    @property
    def key_index(self) -> Index | None:
        return self.table.index(self.key.index) if self.key is not None and self.key.index is not None else None

    @property
    def old_key(self) -> str:
        """The index that the way back makes the primary key of."""
        return part_name(self.history.name, "old_key")

    @property
    def made(self) -> tuple[str, ...]:
        """Names of the relations that are made on the way."""
        parts = [part.name for part in self.scheme.parts]
        tables = [part_name(self.name.name, ending) for ending in ("history", "partitioned", "split")]
        copied = () if self.end else self._keys_and_indexes
        return (*parts, *tables, *map(self.new_name, copied), *map(self.former_name, copied))

    @property
    def _keys_and_indexes(self) -> tuple[str, ...]:
        keys = {one.name for one in self.table.constraints if one.kind in KEYS}
        return tuple(sorted(keys | {index.name for index in self.table.indexes}))

    def new_name(self, name: str) -> str:
        """Of an index or a key of the staging table, until it is exchanged."""
        return part_name(name, "new")

    def former_name(self, name: str) -> str:
        """Of an index or a key of the table, once it is exchanged for the staging table."""
        return part_name(name, "former")

    def kept_name(self, name: str) -> str:
        """Of an index or a key of the table, once it is a partition."""
        return f"{self.history.name}_{name}".encode()[:MAXIMUM_NAME_BYTES].decode(errors="ignore")


def _at_or_after(scheme: PartitionScheme, lower: str | None, end: str) -> bool:
    bounds = [part.lower for part in scheme.parts]
    return lower is not None and end in bounds and bounds.index(lower) >= bounds.index(end)


def brief() -> Iterator[str]:
    """Limits of a transaction that holds up others: neither waiting for its locks nor working for long."""
    yield f"SET LOCAL lock_timeout = '{SHORT_LOCK_TIMEOUT}'"
    yield f"SET LOCAL statement_timeout = '{LONGEST_STATEMENT}'"


def patient() -> Iterator[str]:
    """No limits, in a transaction that holds nobody up."""
    yield "SET LOCAL lock_timeout = 0"
    yield "SET LOCAL statement_timeout = 0"


def locked(plan: Conversion, mode: str = "ACCESS EXCLUSIVE", table: QualifiedName | None = None) -> Iterator[str]:
    """All locks at the beginning of a transaction, the table's first.

    Adding, attaching and detaching foreign keys locks the tables they point to. Somebody who has written there and
    waits for our table would be in a deadlock with us; he is cancelled after a second (``deadlock_timeout``), we give
    up before.
    """
    yield from brief()
    yield f"LOCK TABLE {qualified(table or plan.name)} IN {mode} MODE"
    others = {key.referenced_table for key in plan.table.foreign_keys if key.referenced_table is not None}
    if others - {plan.name}:
        yield f"SET LOCAL lock_timeout = '{SHORTER_THAN_A_DEADLOCK}'"
        names = ", ".join(map(qualified, sorted(others - {plan.name})))
        yield f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"


def bounds_name(part: Part) -> str:
    """Of the CHECK that spares a scan of the partition."""
    return part_name(part.name, "bounds")
