"""What the resolver works with: relations in use, and where the columns of a FROM item come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlglot import exp

from dbtune.model.access import Join, OrderKey, Predicate, RelationUse
from dbtune.model.schema import Table

if TYPE_CHECKING:
    from dbtune.sql.scopes import Scope

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})


@dataclass(eq=False)
class Use:
    """A RelationUse in the making: one appearance of a table."""

    table: Table
    alias: str
    written: bool = False
    predicates: list[Predicate] = field(default_factory=list)
    joins: list[Join] = field(default_factory=list)
    order_by: tuple[OrderKey, ...] = ()
    group_by: tuple[OrderKey, ...] = ()
    limit: bool = False
    aggregates: list[tuple[str, str]] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    all_columns: bool = False

    def finished(self) -> RelationUse:
        """The immutable form."""
        columns = (
            frozenset(column.name for column in self.table.columns) if self.all_columns else frozenset(self.columns)
        )
        return RelationUse(
            table=self.table.name,
            alias=self.alias,
            predicates=tuple(dict.fromkeys(self.predicates)),
            joins=tuple(dict.fromkeys(self.joins)),
            order_by=self.order_by,
            group_by=self.group_by,
            limit=self.limit,
            aggregates=tuple(dict.fromkeys(self.aggregates)),
            columns=columns,
            all_columns=self.all_columns,
            written=self.written,
        )


@dataclass(frozen=True, eq=False)
class BaseColumn:
    """A column of a table in use."""

    use: Use
    column: str

    @property
    def type(self) -> str:
        """``format_type``'s text, or empty."""
        found = self.use.table.column(self.column)
        return found.type if found else ""

    @property
    def category(self) -> str:
        """``pg_type.typcategory``, or ``X``."""
        found = self.use.table.column(self.column)
        return found.type_category if found else "X"


@dataclass(frozen=True, eq=False)
class Output:
    """A column that a FROM item or a query gives: the base columns behind it, none where it is computed."""

    name: str
    targets: tuple[BaseColumn, ...] = ()
    pushable: bool = True
    """A condition on it can be tested on the base column: no LIMIT, window or aggregate lies between."""
    transparent: bool = True
    """The planner sees the base column itself: the query between them is pulled up."""
    definition: tuple[exp.Expr, Scope] | None = None
    """A computed column's expression, and where it stands; None where the planner does not see through to it."""
    type: str = ""
    """``format_type``'s text where no base column tells it: of a view's computed column."""

    @property
    def base(self) -> BaseColumn | None:
        """The one base column that the planner sees here, or None."""
        return self.targets[0] if len(self.targets) == 1 and self.transparent else None

    def demand(self) -> None:
        """The statement reads it."""
        for target in self.targets:
            target.use.columns.add(target.column)


class Source:
    """A FROM item under its alias. ``outputs`` is None where its columns are not known: then any name is accepted."""

    def __init__(self, alias: str, outputs: Mapping[str, Output] | None, uses: Iterable[Use] = ()) -> None:
        self.alias = alias
        self.outputs = outputs
        self.uses = tuple(uses)
        """Relations whose rows the planner sees in this item: they can take conditions, order and limit."""

    def output(self, name: str) -> Output | None:
        """The column of that name; None where there is none."""
        if self.outputs is None:
            return Output(name)
        return self.outputs.get(name)

    def demand_all(self) -> None:
        """The statement reads every column."""
        for output in (self.outputs or {}).values():
            output.demand()


class TableSource(Source):
    """A table of the snapshot."""

    def __init__(self, use: Use, columns: Mapping[str, str] | None = None) -> None:
        """``columns`` renames: the name in the query to the table's name."""
        names = columns or {column.name: column.name for column in use.table.columns}
        super().__init__(
            use.alias, {name: Output(name, (BaseColumn(use, column),)) for name, column in names.items()}, (use,)
        )
        self.use = use

    def output(self, name: str) -> Output | None:
        found = super().output(name)
        return Output(name) if found is None and name in SYSTEM_COLUMNS else found

    def demand_all(self) -> None:
        self.use.all_columns = True
