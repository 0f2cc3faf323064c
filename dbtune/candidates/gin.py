"""GIN indexes: containment in jsonb and arrays, full text, and patterns in mid-text by trigrams."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.access import Predicate
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey

JSON_PATH_OPERATORS = frozenset({"@>", "@?", "@@"})
"""Operators of ``jsonb_path_ops``, which is smaller and faster than the default ``jsonb_ops`` where it serves."""

TEXT_TYPES = frozenset({"text", "varchar", "bpchar", "citext"})


@candidate_kind("gin")
def gin(use: Use) -> Iterator[Index]:
    """One index for each predicate that only an inverted index serves."""
    for predicate in use.use.predicates:
        indexed = _key(use, predicate)
        if indexed is not None:
            yield use.index((indexed,), method="gin")


def _key(use: Use, predicate: Predicate) -> IndexKey | None:
    column = use.column(predicate.column)
    kind = None if column is None else column.type_name.name
    if predicate.kind == "json_contains":
        if column is not None and kind != "jsonb":
            return None
        path = predicate.operator in JSON_PATH_OPERATORS
        return _on(predicate, QualifiedName("pg_catalog", "jsonb_path_ops") if path else None)
    if predicate.kind == "array_contains":
        return _on(predicate, None) if column is not None and column.type_category == "A" else None
    if predicate.kind == "full_text":
        return _on(predicate, None) if column is None or kind == "tsvector" else None
    if predicate.kind == "infix" and (column is None or kind in TEXT_TYPES):
        trigrams = next((e for e in use.snapshot.extensions if e.name == "pg_trgm"), None)
        return None if trigrams is None else _on(predicate, QualifiedName(trigrams.schema, "gin_trgm_ops"))
    return None


def _on(predicate: Predicate, opclass: QualifiedName | None) -> IndexKey | None:
    if predicate.column is not None:
        return IndexKey(predicate.column, opclass=opclass)
    return None if predicate.expression is None else IndexKey(expression=predicate.expression, opclass=opclass)
