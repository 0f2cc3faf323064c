"""What hangs on a table: triggers, policies, privileges, publications, and what was made with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.model.names import QualifiedName


@dataclass(frozen=True)
class Trigger:
    """A trigger of the user's. ``definition`` is ``pg_get_triggerdef``'s text."""

    name: str
    definition: str
    enabled: Literal["origin", "always", "replica", "disabled"] = "origin"
    for_each_row: bool = True
    has_transition_tables: bool = False
    constraint: bool = False


@dataclass(frozen=True)
class Policy:
    """A policy of row-level security."""

    name: str
    command: Literal["all", "select", "insert", "update", "delete"] = "all"
    permissive: bool = True
    roles: tuple[str, ...] = ()
    """Empty: everybody."""
    using: str | None = None
    check: str | None = None


@dataclass(frozen=True)
class Grant:
    """Privileges of one role on a table, or on some of its columns."""

    role: str
    """Empty: PUBLIC."""
    privileges: tuple[str, ...]
    columns: tuple[str, ...] = ()
    grantable: bool = False


@dataclass(frozen=True)
class Publication:
    """A publication that a table was added to by name."""

    name: str
    by_root: bool = False
    """``publish_via_partition_root``."""
    filtered: bool = False
    """Only some rows or columns."""


@dataclass(frozen=True)
class Attachments:
    """What hangs on a table by its identity, and has to be carried over where another takes its place."""

    owner: str = ""
    triggers: tuple[Trigger, ...] = ()
    policies: tuple[Policy, ...] = ()
    forced_row_security: bool = False
    grants: tuple[Grant, ...] = ()
    publications: tuple[Publication, ...] = ()
    rules: tuple[str, ...] = ()
    """Names of rewrite rules."""
    dependents: tuple[tuple[str, QualifiedName], ...] = ()
    """Views, materialised views and functions that were made with it: kind and name."""
    replica_identity: Literal["default", "full", "nothing", "index"] = "default"
