"""PARTITION BY and FOR VALUES, and what keys become on a partitioned table, from the nouns of the model."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from dbtune.ddl.indexes import MAXIMUM_NAME_BYTES
from dbtune.ddl.quoting import identifier, literal
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.schema import Constraint, Index, IndexKey, Table

KEYS = ("primary key", "unique")


def partition_key(scheme: PartitionScheme) -> str:
    """What stands after PARTITION BY: ``RANGE (created_at)``."""
    return f"{scheme.kind.upper()} ({identifier(scheme.column)})"


def partition_bound(scheme: PartitionScheme, part: Part) -> str:
    """``FOR VALUES …`` or ``DEFAULT``."""
    if part.is_default:
        return "DEFAULT"
    if scheme.kind == "list":
        return f"FOR VALUES IN ({', '.join(literal(value) for value in part.values)})"
    if scheme.kind == "hash":
        return f"FOR VALUES WITH (modulus {len(scheme.parts)}, remainder {part.remainder})"
    lower = "MINVALUE" if part.lower is None else literal(part.lower)
    upper = "MAXVALUE" if part.upper is None else literal(part.upper)
    return f"FOR VALUES FROM ({lower}) TO ({upper})"


def part_name(table: str, ending: str) -> str:
    """``table_ending`` within 63 bytes; what is cut off the table's name stays in it as a digest."""
    name = f"{table}_{ending}"
    if len(name.encode()) <= MAXIMUM_NAME_BYTES:
        return name
    digest = hashlib.sha256(table.encode()).hexdigest()[:8]
    room = MAXIMUM_NAME_BYTES - len(ending) - len(digest) - 2
    return f"{table.encode()[:room].decode(errors='ignore')}_{digest}_{ending}"


def widened_constraint(constraint: Constraint, table: Table, column: str) -> Constraint:
    """A key with the partition column in it, as a partitioned table demands of its keys; any other as it is."""
    if constraint.kind not in KEYS or column in constraint.columns:
        return constraint
    index = table.index(constraint.index) if constraint.index is not None else None
    columns = (*constraint.columns, column)
    words = ["PRIMARY KEY" if constraint.kind == "primary key" else "UNIQUE"]
    if index is not None and index.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    words.append(f"({', '.join(map(identifier, columns))})")
    include = [name for name in index.include if name != column] if index is not None else []
    if include:
        words.append(f"INCLUDE ({', '.join(map(identifier, include))})")
    if constraint.deferrable:
        words.append("DEFERRABLE")
    return replace(constraint, columns=columns, definition=" ".join(words))


def widened_index(index: Index, column: str) -> Index:
    """A unique index with the partition column among its keys; any other as it is."""
    if not index.unique or column in index.columns:
        return index
    include = tuple(name for name in index.include if name != column)
    return replace(index, keys=(*index.keys, IndexKey(column)), include=include)
