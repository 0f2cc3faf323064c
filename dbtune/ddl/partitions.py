"""PARTITION BY and FOR VALUES, from the nouns of the model."""

from __future__ import annotations

from dbtune.ddl.quoting import identifier, literal
from dbtune.model.partitioning import Part, PartitionScheme


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
