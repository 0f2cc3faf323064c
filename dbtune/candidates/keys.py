"""Keys of what-if indexes: which columns can be keys, in which order, and which literals a partial index may hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dbtune.candidates.registry import Use
from dbtune.ddl.quoting import identifier
from dbtune.model.access import OrderKey, Predicate
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, IndexKey

EQUALITIES = frozenset({"equal", "in", "is_null", "boolean"})
"""Predicates after which the next key column still narrows the scan."""

NO_BTREE = frozenset(
    """
    json jsonb xml point line lseg box path polygon circle tsvector tsquery geometry geography vector halfvec sparsevec
    aclitem txid_snapshot pg_snapshot cid xid
    """.split()
)
"""Types without a useful default B-tree operator class (``jsonb`` has one that no application's query uses)."""

MAXIMUM_KEY_WIDTH = 400
"""Mean bytes of a column beyond which an entry may not fit a third of a page (``BTMaxItemSize``, 2,704 bytes)."""

PATTERN_OPCLASSES = {"text": "text_pattern_ops", "varchar": "varchar_pattern_ops", "bpchar": "bpchar_pattern_ops"}

SORTED_BY_BYTES = ("C", "POSIX")


def can_be_key(column: Column | None) -> bool:
    """Whether a B-tree on the column is possible and sensible."""
    if (
        column is None
        or column.type_name.name in NO_BTREE
        or column.type_category == "A"
        or column.generated == "virtual"
    ):
        return False
    return column.statistics is None or column.statistics.avg_width <= MAXIMUM_KEY_WIDTH


def key(column: str) -> IndexKey:
    return IndexKey(column)


def order_keys(keys: Sequence[OrderKey]) -> tuple[IndexKey, ...]:
    """Index keys that give this order; one that descends throughout is stored ascending and read backwards."""
    turned = bool(keys) and all(k.descending and k.nulls_first for k in keys)
    return tuple(
        IndexKey(k.column, k.expression if k.column is None else None)
        if turned
        else IndexKey(k.column, k.expression if k.column is None else None, k.descending, k.nulls_first)
        for k in keys
    )


def pattern_key(use: Use, column: Column) -> IndexKey:
    """A key that serves ``LIKE 'abc%'``: in byte order, which a column of another collation needs an opclass for."""
    collation = column.collation.name if column.collation is not None else use.snapshot.server.collation
    opclass = PATTERN_OPCLASSES.get(column.type_name.name)
    if collation in SORTED_BY_BYTES or opclass is None:
        return IndexKey(column.name)
    return IndexKey(column.name, opclass=QualifiedName("pg_catalog", opclass))


def equal_columns(use: Use) -> tuple[str, ...]:
    """Columns fixed by the use's predicates, those with the most distinct values first."""
    return by_selectivity(use, (name for name in fixed_columns(use) if can_be_key(use.column(name))))


def fixed_columns(use: Use) -> frozenset[str]:
    """Columns fixed by the use's predicates, whatever their type."""
    return frozenset(p.column for p in conjuncts(use) if p.kind in EQUALITIES and p.column is not None)


def by_selectivity(use: Use, names: Iterable[str]) -> tuple[str, ...]:
    """The columns, most distinct values first (then by name, so that runs agree)."""

    def rank(name: str) -> tuple[float, str]:
        column = use.column(name)
        statistics = column.statistics if column is not None else None
        return (-(statistics.distinct_values(use.rows) if statistics is not None else 1.0), name)

    return tuple(sorted(set(names), key=rank))


def conjuncts(use: Use) -> tuple[Predicate, ...]:
    return tuple(p for p in use.use.predicates if not p.disjunct)


def share_of_rows(use: Use, predicate: Predicate) -> float | None:
    """Share of the table's rows (0 to 1) that an equality with a literal, IS NULL or a bare boolean selects."""
    column = use.column(predicate.column)
    statistics = column.statistics if column is not None else None
    if column is None or statistics is None:
        return None
    if predicate.kind == "is_null":
        return statistics.null_frac
    if predicate.kind == "is_not_null":
        return 1.0 - statistics.null_frac
    value = "f" if predicate.operator.upper().startswith("NOT") else "t"
    if predicate.kind == "equal":
        if predicate.value is None:
            return None
        value = bare(predicate.value)
        if column.type_name.name == "bool":
            value = value[:1].lower()
    elif predicate.kind != "boolean":
        return None
    if value in statistics.most_common_vals:
        return statistics.most_common_freqs[statistics.most_common_vals.index(value)]
    distinct = statistics.distinct_values(use.rows) - len(statistics.most_common_vals)
    rest = 1.0 - statistics.null_frac - sum(statistics.most_common_freqs)
    return max(0.0, rest) / max(1.0, distinct)


def bare(literal: str) -> str:
    """The value of a SQL literal: without its quotes and its cast."""
    quoted = re.match(r"E?'((?:[^']|'')*)'", literal)
    return quoted[1].replace("''", "'") if quoted else literal.partition("::")[0]


def condition(predicate: Predicate) -> str | None:
    """The predicate as the WHERE of a partial index, None where it holds no constant."""
    if predicate.column is None:
        return None
    column = identifier(predicate.column)
    if predicate.kind == "is_null":
        return f"{column} IS NULL"
    if predicate.kind == "is_not_null":
        return f"{column} IS NOT NULL"
    if predicate.kind == "boolean":
        return f"NOT {column}" if predicate.operator.upper().startswith("NOT") else column
    if predicate.kind == "equal" and predicate.value is not None:
        return f"{column} = {predicate.value}"
    return None
