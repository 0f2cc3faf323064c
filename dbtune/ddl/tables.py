"""CREATE TABLE, CREATE VIEW and constraints, from the nouns of the model."""

from __future__ import annotations

from collections.abc import Callable, Collection

from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Constraint, Index, Table
from dbtune.model.schema_objects import Sequence, View

PLANNER_STORAGE_PARAMETERS = ("fillfactor", "parallel_workers")
"""Storage parameters of tables that the planner reads (``plancat.c``, ``allpaths.c``)."""


def create_table(
    table: Table,
    *,
    with_expressions: bool = True,
    attached: bool = True,
    storage_parameters: Collection[str] = PLANNER_STORAGE_PARAMETERS,
    column_type: Callable[[Column], str] = lambda column: column.type,
) -> str:
    """The statement that makes the table, its columns and its place under its parents, without a semicolon.

    Constraints other than NOT NULL and indexes are statements of their own. ``with_expressions`` False leaves out
    defaults and makes generated columns plain ones; ``attached`` False makes a partition or an heir a table of its
    own. A materialised view or a foreign table becomes a plain table with the same columns.
    """
    parts = ["CREATE UNLOGGED TABLE" if table.persistence == "unlogged" else "CREATE TABLE", qualified(table.name)]
    if attached and table.is_partition and table.parents:
        parts.append(f"PARTITION OF {qualified(table.parents[0])} {table.partition_bound}")
    else:
        columns = (column_definition(column, with_expressions, column_type(column)) for column in table.columns)
        parts.append(f"({', '.join(columns)})")
        if attached and table.parents:
            parts.append(f"INHERITS ({', '.join(qualified(parent) for parent in table.parents)})")
    if table.partition_key is not None:
        parts.append(f"PARTITION BY {table.partition_key}")
    options = [f"{name} = {value}" for name, value in table.options if name in storage_parameters]
    if options and table.kind != "partitioned":
        parts.append(f"WITH ({', '.join(options)})")
    return " ".join(parts)


def column_definition(column: Column, with_expressions: bool = True, type_: str | None = None) -> str:
    """A column as CREATE TABLE and ADD COLUMN take it."""
    parts = [identifier(column.name), type_ or column.type]
    if column.collation is not None:
        parts.append(f"COLLATE {qualified(column.collation)}")
    if column.not_null:
        parts.append("NOT NULL")
    if with_expressions and column.default is not None and not column.identity:
        generated = f"GENERATED ALWAYS AS ({column.default}) {column.generated.upper()}"
        parts.append(generated if column.generated else f"DEFAULT {column.default}")
    if column.identity:
        parts.append(f"GENERATED {column.identity.upper()} AS IDENTITY")
    return " ".join(parts)


def add_constraint(table: Table, constraint: Constraint) -> str:
    """ALTER TABLE … ADD CONSTRAINT with the server's own definition.

    On a partitioned table a key is made on the parent alone, as pg_dump does: its partitions' keys are attached later.
    """
    only = "ONLY " if table.kind == "partitioned" and constraint.kind in ("primary key", "unique") else ""
    name = identifier(constraint.name)
    return f"ALTER TABLE {only}{qualified(table.name)} ADD CONSTRAINT {name} {constraint.definition}"


def attach_index(parent: QualifiedName, index: Index) -> str:
    """ALTER INDEX … ATTACH PARTITION: the index becomes part of the partitioned one."""
    return f"ALTER INDEX {qualified(parent)} ATTACH PARTITION {qualified(index.qualified_name)}"


def create_view(view: View, *, replacing: bool = False) -> str:
    """CREATE VIEW with the column names given, so that a renamed column keeps its name.

    ``replacing``: in place of the view that is there, which takes over the options; else these are left out.
    """
    names = f" ({', '.join(identifier(column.name) for column in view.columns)})" if view.columns else ""
    options = ", ".join(f"{name} = {value}" for name, value in view.options) if replacing else ""
    words = ["CREATE OR REPLACE VIEW" if replacing else "CREATE VIEW", f"{qualified(view.name)}{names}"]
    if options:
        words.append(f"WITH ({options})")
    return " ".join((*words, "AS", view.definition.rstrip().rstrip(";")))


def create_sequence(sequence: Sequence) -> str:
    """CREATE SEQUENCE with its type; limits and present value are left out."""
    return f"CREATE SEQUENCE {qualified(sequence.name)} AS {sequence.type}"
