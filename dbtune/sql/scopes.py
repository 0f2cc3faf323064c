"""Names of a statement found in the snapshot: relations by search_path, columns by the FROM items in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from dbtune.model.access import Write
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Table
from dbtune.model.schema_objects import View
from dbtune.model.snapshot import Snapshot
from dbtune.sql.lexing import fold_case
from dbtune.sql.parsing import Parsed
from dbtune.sql.relations import Output, Source, Use

MAX_NOTES = 20
"""Things that could not be resolved are listed up to here."""


def name_of(identifier: object) -> str:
    """The catalog's name for an identifier: unquoted ones fold to lower case."""
    if isinstance(identifier, exp.Identifier):
        name = str(identifier.this)
        return name if identifier.args.get("quoted") else fold_case(name)
    return fold_case(identifier) if isinstance(identifier, str) else ""


class Analyser(Protocol):
    """Analyses a query, or a data-modifying statement, that stands in a scope."""

    def __call__(self, node: exp.Expr, outer: Scope, *, demanded: bool = False) -> QueryResult: ...


@dataclass
class Gathered:
    """What has been found in the statement so far."""

    snapshot: Snapshot
    search_path: Sequence[str]
    analyser: Analyser
    """``dbtune.sql.facts.analyse_node``: queries stand in FROM items and FROM items in queries."""
    uses: list[Use] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    columns: dict[int, Output] = field(default_factory=dict)
    """What each column of the syntax tree was found to be, by ``id`` of its node."""
    targets: dict[int, Table] = field(default_factory=dict)
    """Tables written, by ``id`` of the INSERT, UPDATE or MERGE node."""
    view_depth: int = 0

    def note(self, words: str) -> None:
        """Keep something that could not be resolved."""
        if words not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(words)

    def relation(self, schema: str, name: str) -> Table | View | None:
        """The table or view that a name means, by search_path where no schema is given."""
        schemas = [schema] if schema else [path for path in self.search_path if path != "$user"]
        for place in schemas:
            found = self._relation(QualifiedName(place, name))
            if found is not None:
                return found
        if schema:
            return None
        # a workload's search_path may not be known: a name that only one schema has is that one
        elsewhere = [table.name for table in self.snapshot.tables if table.name.name == name]
        elsewhere += [view.name for view in self.snapshot.views if view.name.name == name]
        return self._relation(elsewhere[0]) if len(elsewhere) == 1 else None

    def _relation(self, name: QualifiedName) -> Table | View | None:
        return self.snapshot.table(name) or self.snapshot.view(name)


@dataclass(eq=False)
class Cte:
    """A WITH query that has been analysed."""

    outputs: dict[str, Output] | None
    uses: tuple[Use, ...] = ()


class Scope:
    """The FROM items that a query's expressions may name, and through ``parent`` those of the queries around it."""

    def __init__(self, gathered: Gathered, parsed: Parsed, parent: Scope | None = None) -> None:
        self.gathered = gathered
        self.parsed = parsed
        """The text that the expressions stand in: the statement's, or a view's."""
        self.parent = parent
        self.sources: dict[str, Source] = {}
        self.ctes: dict[str, Cte] = {}
        self.merged: dict[str, tuple[Output, ...]] = {}
        """Columns of JOIN … USING and NATURAL joins, with the columns of both sides."""
        self.aliases: dict[str, exp.Expr] = {}
        """Names given in the select list."""
        self.queries: dict[int, QueryResult] = {}
        """Subqueries of this scope's expressions that have been analysed, by ``id`` of their node."""

    def analyse(self, node: exp.Expr, *, demanded: bool = False) -> QueryResult:
        """Analyse a query in this scope. ``demanded``: all its columns are read."""
        return self.gathered.analyser(node, self, demanded=demanded)

    def add(self, source: Source) -> None:
        """Bring a FROM item into sight."""
        self.sources[source.alias] = source

    def cte(self, name: str) -> Cte | None:
        """The WITH query of that name in sight."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.ctes:
                return scope.ctes[name]
            scope = scope.parent
        return None

    @property
    def uses(self) -> list[Use]:
        """Relations whose rows the planner sees directly in this query."""
        return list(dict.fromkeys(use for source in self.sources.values() for use in source.uses))

    def find(self, column: exp.Column) -> tuple[Output | None, Scope | None]:
        """The column and the scope that has it; (None, None) where nothing in sight has it."""
        name = name_of(column.this)
        qualifier = name_of(column.args.get("table"))
        scope: Scope | None = self
        while scope is not None:
            found = scope._qualified(qualifier, name) if qualifier else scope._unqualified(name)
            if found is not None:
                self.gathered.columns[id(column)] = found
                return found, scope
            scope = scope.parent
        return None, None

    def output(self, column: exp.Column) -> Output | None:
        """The column, or None."""
        return self.find(column)[0]

    def _qualified(self, qualifier: str, name: str) -> Output | None:
        source = self.sources.get(qualifier)
        return source.output(name) if source else None

    def _unqualified(self, name: str) -> Output | None:
        merged = self.merged.get(name)
        if merged:
            return merged[0]
        opaque = None
        for source in self.sources.values():
            if source.outputs is None:
                opaque = source
                continue
            found = source.output(name)
            if found is not None and name in source.outputs:
                return found
        if name in self.sources:
            return None  # a whole row: see whole_row
        if opaque is not None:
            return opaque.output(name)
        found_elsewhere = (source.output(name) for source in self.sources.values())  # ctid, xmin, …
        return next((output for output in found_elsewhere if output is not None), None)

    def whole_row(self, column: exp.Column) -> Source | None:
        """The FROM item that a column without qualifier names as a whole row, or None."""
        if column.args.get("table") is not None:
            return None
        name = name_of(column.this)
        scope: Scope | None = self
        while scope is not None:
            if name in scope.sources:
                return scope.sources[name]
            scope = scope.parent
        return None


@dataclass(eq=False)
class QueryResult:
    """A query that has been analysed: its columns in order, and what the planner sees of it from outside."""

    outputs: list[Output]
    uses: tuple[Use, ...] = ()
    """Set where the query is pulled up into the one around it."""
    correlated: bool = False
    complete: bool = True
    """False where its columns are not all known (``SELECT *`` from a function)."""

    def sealed(self) -> QueryResult:
        """The query seen through a LIMIT or computed on its own: no condition from outside moves in."""
        outputs = [Output(output.name, output.targets, False, False) for output in self.outputs]
        return QueryResult(outputs, (), self.correlated, self.complete)

    def source(self, alias: str, names: Sequence[str] = ()) -> Source:
        """The query as a FROM item; ``names`` rename its first columns."""
        outputs: dict[str, Output] = {}
        for position, output in enumerate(self.outputs):
            name = names[position] if position < len(names) else output.name
            outputs.setdefault(name, output)
        return Source(alias, outputs if self.complete else None, self.uses)
