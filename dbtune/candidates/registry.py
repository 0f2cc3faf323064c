"""What a candidate is, what a kind of candidate is given, and how kinds are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from dbtune.model.access import RelationUse
from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.model.snapshot import Dialect, Snapshot


@dataclass(frozen=True)
class Candidate:
    """An index worth asking the planner about, its kind, and the statements it was proposed for."""

    index: Index
    kind: str
    fingerprints: frozenset[str]


@dataclass(frozen=True)
class Use:
    """One use of a table in a statement, as a kind of candidate sees it."""

    snapshot: Snapshot
    table: Table
    use: RelationUse
    rows: float
    """Of the table, or of all its partitions together."""
    pages: int

    def column(self, name: str | None) -> Column | None:
        return None if name is None else self.table.column(name)

    def index(
        self,
        keys: Iterable[IndexKey],
        *,
        method: str = "btree",
        include: Iterable[str] = (),
        predicate: str | None = None,
        options: tuple[tuple[str, str], ...] = (),
    ) -> Index:
        """An index on this table that has no name yet."""
        return Index("", self.table.name, tuple(keys), method, tuple(include), predicate=predicate, options=options)


CandidateKind = Callable[[Use], Iterable[Index]]

_KINDS: dict[tuple[Dialect, str], CandidateKind] = {}


def candidate_kind(name: str, dialects: Iterable[Dialect] = ("postgres",)) -> Callable[[CandidateKind], CandidateKind]:
    """Register a function that proposes indexes for one use of a table. Each dialect has one function a name."""

    def register(kind: CandidateKind) -> CandidateKind:
        for dialect in dialects:
            _KINDS[dialect, name] = kind
        return kind

    return register


@cache
def kinds(dialect: Dialect) -> tuple[tuple[str, CandidateKind], ...]:
    """Every kind in ``dbtune/candidates`` that the dialect has, by name."""
    for module in _modules():
        importlib.import_module(module)
    return tuple(sorted((name, kind) for (of, name), kind in _KINDS.items() if of == dialect))


def _modules() -> Iterator[str]:
    package = importlib.import_module("dbtune.candidates")
    for module in pkgutil.iter_modules(package.__path__):
        yield f"dbtune.candidates.{module.name}"
