"""What a schema holds besides tables: views, types, functions, sequences, extensions, collations, statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column


@dataclass(frozen=True)
class View:
    """A view, with the query as ``pg_get_viewdef`` prints it."""

    name: QualifiedName
    definition: str
    columns: tuple[Column, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    """``security_barrier``, ``security_invoker``, ``check_option``."""


@dataclass(frozen=True)
class UserType:
    """An enum, domain, composite or range type."""

    name: QualifiedName
    kind: Literal["enum", "domain", "composite", "range"]
    labels: tuple[str, ...] = ()
    """Of an enum, in sort order."""
    base_type: str | None = None
    """Of a domain or range: ``format_type`` of the base or subtype."""
    not_null: bool = False
    checks: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    """Of a composite: name and type."""
    collation: QualifiedName | None = None


@dataclass(frozen=True)
class Function:
    """A function, aggregate left out. ``definition`` is ``pg_get_functiondef``'s text where it may be read."""

    name: QualifiedName
    arguments: str
    """``pg_get_function_identity_arguments``."""
    returns: str
    kind: Literal["function", "procedure", "aggregate", "window"] = "function"
    volatility: Literal["immutable", "stable", "volatile"] = "volatile"
    strict: bool = False
    returns_set: bool = False
    language: str = "sql"
    cost: float = 100.0
    rows: float = 0.0
    parallel: Literal["safe", "restricted", "unsafe"] = "unsafe"
    definition: str | None = None


@dataclass(frozen=True)
class Sequence:
    """A sequence that defaults or identities use."""

    name: QualifiedName
    type: str = "bigint"
    last_value: int | None = None
    maximum: int | None = None
    owned_by: tuple[QualifiedName, str] | None = None


@dataclass(frozen=True)
class Extension:
    """An installed extension."""

    name: str
    schema: str
    version: str


@dataclass(frozen=True)
class Collation:
    """A user-made collation."""

    name: QualifiedName
    provider: str
    deterministic: bool
    locale: str | None = None


@dataclass(frozen=True)
class ExtendedStatistics:
    """A CREATE STATISTICS object and, where they may be read, its values as ``pg_stats_ext`` prints them."""

    name: QualifiedName
    table: QualifiedName
    definition: str
    """``pg_get_statisticsobjdef``."""
    kinds: tuple[str, ...] = ()
    """``ndistinct``, ``dependencies``, ``mcv``, ``expressions``."""
    columns: tuple[str, ...] = ()
    expressions: tuple[str, ...] = ()
    n_distinct: str | None = None
    dependencies: str | None = None
    has_most_common_values: bool = False
