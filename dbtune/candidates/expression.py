"""B-trees on an expression that the statements compare: ``lower(email)``, ``payload ->> 'kind'``."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.keys import conjuncts, equal_columns, key
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.model.schema import Index, IndexKey

COMPARED = frozenset({"equal", "in", "range", "boolean"})


@candidate_kind("expression")
def expression(use: Use) -> Iterator[Index]:
    """The expression alone, and after the columns fixed by equalities."""
    for predicate in conjuncts(use):
        if predicate.expression is None or predicate.column is not None or predicate.kind not in COMPARED:
            continue
        computed = IndexKey(expression=predicate.expression)
        yield use.index((computed,))
        fixed = tuple(key(name) for name in equal_columns(use))[:2]
        if fixed:
            yield use.index((*fixed, computed))
