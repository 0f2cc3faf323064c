"""A partitioned table that takes the place of an ordinary one: made like it, and what hangs on one is handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from dbtune.ddl import carrying
from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.indexes import create_index
from dbtune.ddl.partitions import KEYS, partition_bound, partition_key, widened_constraint, widened_index
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.ddl.tables import add_constraint
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part
from dbtune.model.schema import Constraint, Index, Table


def partitioned_like(
    plan: Conversion, source: QualifiedName, target: QualifiedName, named: Callable[[str], str] = str
) -> Iterator[str]:
    """The partitioned table without partitions. ``named``: what its keys and indexes are called instead."""
    table = qualified(target)
    copied = ["DEFAULTS", "CONSTRAINTS", "GENERATED", "STORAGE", "COMMENTS", "STATISTICS"]
    copied += ["COMPRESSION"] if plan.major >= 14 else []
    including = " ".join(f"INCLUDING {what}" for what in copied)
    yield f"CREATE TABLE {table} (LIKE {qualified(source)} {including}) PARTITION BY {partition_key(plan.scheme)}"
    yield from owner(plan, target)
    for column in plan.table.columns:
        if column.statistics_target is not None and column.statistics_target >= 0:
            statistics = f"ALTER COLUMN {identifier(column.name)} SET STATISTICS {column.statistics_target}"
            yield f"ALTER TABLE ONLY {table} {statistics}"
    for constraint in plan.table.constraints:
        if constraint.kind in KEYS:
            wide = widened_constraint(constraint, plan.table, plan.scheme.column)
            yield f"ALTER TABLE {table} ADD CONSTRAINT {identifier(named(constraint.name))} {wide.definition}"
    for index in plain_indexes(plan.table):
        own = replace(widened_index(index, plan.scheme.column), name=named(index.name), table=target)
        yield create_index(own, concurrently=False)
        if index.facts is not None and index.facts.comment is not None:
            yield f"COMMENT ON INDEX {qualified(own.qualified_name)} IS {literal(index.facts.comment)}"
    for key in plan.table.foreign_keys:
        yield add_constraint(replace(plan.table, name=target), key)
    if plan.table.comment is not None:
        yield f"COMMENT ON TABLE {table} IS {literal(plan.table.comment)}"


def new_part(plan: Conversion, parent: QualifiedName, part: Part) -> Iterator[str]:
    """A partition with the table's storage parameters and owner."""
    name = QualifiedName(plan.name.schema, part.name)
    options = ", ".join(f"{option} = {value}" for option, value in plan.table.options)
    words = [f"CREATE TABLE {qualified(name)} PARTITION OF {qualified(parent)} {partition_bound(plan.scheme, part)}"]
    if options:
        words.append(f"WITH ({options})")
    yield " ".join(words)
    yield from owner(plan, name)
    if plan.attached.replica_identity == "full":
        yield f"ALTER TABLE {qualified(name)} REPLICA IDENTITY FULL"


def owner(plan: Conversion, table: QualifiedName) -> Iterator[str]:
    """The table belongs to whom the former one belongs."""
    if plan.attached.owner:
        yield f"ALTER TABLE {qualified(table)} OWNER TO {identifier(plan.attached.owner)}"


def numbered(plan: Conversion, source: QualifiedName, target: QualifiedName) -> Iterator[str]:
    """Identity columns and owned sequences, from one table to the other."""
    for column in plan.table.columns:
        if column.identity:
            yield carrying.move_identity(column, source, target)
    for sequence in plan.sequences:
        if sequence.owned_by is not None:
            yield carrying.owned_sequence(sequence.name, target, sequence.owned_by[1])


def published(plan: Conversion, instead: QualifiedName, *, by_root: bool) -> Iterator[str]:
    """The table in its publications, in the place of the one that was there."""
    for publication in plan.attached.publications:
        alter = f"ALTER PUBLICATION {identifier(publication.name)}"
        yield f"{alter} ADD TABLE {qualified(plan.name)}"
        yield f"{alter} DROP TABLE {qualified(instead)}"
        if not publication.by_root:
            yield f"{alter} SET (publish_via_partition_root = {str(by_root).lower()})"


def renamed_keys(
    plan: Conversion,
    table: QualifiedName,
    old: Callable[[str], str],
    new: Callable[[str], str],
    but: Constraint | None = None,
) -> Iterator[str]:
    """Keys and indexes of a table under other names, all ``but`` one."""
    for constraint in plan.table.constraints:
        if constraint.kind in KEYS and constraint is not but:
            before, after = identifier(old(constraint.name)), identifier(new(constraint.name))
            yield f"ALTER TABLE {qualified(table)} RENAME CONSTRAINT {before} TO {after}"
    for index in plain_indexes(plan.table):
        there = QualifiedName(plan.name.schema, old(index.name))
        yield f"ALTER INDEX {qualified(there)} RENAME TO {identifier(new(index.name))}"


def plain_indexes(table: Table) -> Iterator[Index]:
    """Valid indexes that no constraint owns."""
    for index in table.indexes:
        if index.facts is None or (index.facts.valid and index.facts.constraint is None):
            yield index
