"""What a statement does to which tables, as far as it can be read from its text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from dbtune.model.names import QualifiedName

StatementKind = Literal["select", "insert", "update", "delete", "merge", "utility", "unknown"]

PredicateKind = Literal[
    "equal",  # column = value
    "in",  # column IN (...), = ANY (...)
    "range",  # <, <=, >, >=, BETWEEN
    "prefix",  # LIKE 'abc%'
    "infix",  # LIKE '%abc%', ILIKE, regular expressions: trigrams
    "is_null",
    "is_not_null",
    "not_equal",
    "json_contains",  # @>, ?, ?|, ?& on jsonb
    "json_members",  # MEMBER OF, JSON_CONTAINS, JSON_OVERLAPS on a JSON array (MySQL)
    "array_contains",  # @>, <@, && on arrays, value = ANY (column)
    "full_text",  # @@
    "range_overlap",  # &&, @>, <@ on range types
    "boolean",  # a bare boolean column or NOT column
    "own_columns",  # two columns of the same row compared: expression holds the whole condition
    "other",
]


@dataclass(frozen=True)
class Predicate:
    """A condition that must hold, on one column or on one expression over one table."""

    kind: PredicateKind
    column: str | None
    """The column compared, or None where an expression is."""
    expression: str | None = None
    """SQL text of the expression with unqualified column names, e.g. ``lower(email)``, ``payload ->> 'kind'``."""
    operator: str = ""
    value: str | None = None
    """The literal's SQL text, where it is one; None for parameters, columns and anything computed. Of ``json_members``
    the JSON array of all members that are looked for."""
    value_count: int = 1
    """Members of an IN list (1 for a parameter array)."""
    expression_columns: tuple[str, ...] = ()
    disjunct: bool = False
    """True where it stands below an OR: useful only with an index for each branch."""
    constant: bool = True
    """False where it is compared with another relation's column that is not a join (a correlated value)."""


@dataclass(frozen=True)
class Join:
    """An equality between a column of this relation and a column of another one (inner, outer or correlated)."""

    column: str
    other_table: QualifiedName
    other_column: str
    other_alias: str = ""
    outer: bool = False


@dataclass(frozen=True)
class OrderKey:
    """One key of ORDER BY, GROUP BY or DISTINCT that lies on this relation."""

    column: str | None
    expression: str | None = None
    descending: bool = False
    nulls_first: bool = False


@dataclass(frozen=True)
class RelationUse:
    """One appearance of a table in a statement (a table joined with itself has two)."""

    table: QualifiedName
    alias: str
    predicates: tuple[Predicate, ...] = ()
    joins: tuple[Join, ...] = ()
    order_by: tuple[OrderKey, ...] = ()
    """Set only where every key of the scope's ORDER BY lies on this relation."""
    group_by: tuple[OrderKey, ...] = ()
    """Keys of GROUP BY or DISTINCT on this relation, where all keys lie on it."""
    limit: bool = False
    """The scope has LIMIT or FETCH FIRST."""
    aggregates: tuple[tuple[str, str], ...] = ()
    """``min``/``max`` over a column: (function, column)."""
    columns: frozenset[str] = frozenset()
    """Every column of this relation that the statement reads anywhere: what a covering index must hold."""
    all_columns: bool = False
    """``SELECT *`` or a whole-row reference."""
    written: bool = False
    """The relation is the target of UPDATE, DELETE or MERGE."""


@dataclass(frozen=True)
class Write:
    """What the statement writes to one table per call."""

    table: QualifiedName
    kind: Literal["insert", "update", "delete"]
    columns: frozenset[str] = frozenset()
    """Columns set by UPDATE or INSERT; empty means all."""
    rows: float | None = None
    """Rows of an INSERT … VALUES; None where only the planner knows."""


@dataclass(frozen=True)
class StatementFacts:
    """All that was read from one statement's text."""

    kind: StatementKind
    uses: tuple[RelationUse, ...] = ()
    writes: tuple[Write, ...] = ()
    parsed: bool = True
    unresolved: tuple[str, ...] = ()
    """What could not be resolved, in words; the rest still holds."""

    @cached_property
    def tables(self) -> frozenset[QualifiedName]:
        """Tables read or written."""
        return frozenset(use.table for use in self.uses) | frozenset(write.table for write in self.writes)
