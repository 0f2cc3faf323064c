"""A plan as the server's EXPLAIN gives it, the same model for every dialect and version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index

Confidence = Literal["proven", "estimated", "heuristic"]


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node of the plan tree. Costs in planner units, ``rows`` per loop, ``width`` in bytes."""

    type: str
    startup_cost: float
    total_cost: float
    rows: float
    width: int = 0
    relation: QualifiedName | None = None
    alias: str | None = None
    index: str | None = None
    index_condition: str | None = None
    recheck_condition: str | None = None
    filter: str | None = None
    join_type: str | None = None
    join_condition: str | None = None
    """Of a hash or merge join; that of a nested loop is a filter, or an index condition on its inner side."""
    inner_unique: bool = False
    """Proven: at most one row of the inner side fits a row of the outer one."""
    sort_keys: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    strategy: str | None = None
    parallel_aware: bool = False
    workers_planned: int = 0
    actual_rows: float | None = None
    actual_loops: float | None = None
    actual_ms: float | None = None
    parent_relationship: str | None = None
    subplan_name: str | None = None
    children: tuple[PlanNode, ...] = ()
    access: str | None = None
    """MySQL's and MariaDB's word for how a table is read: ``ALL``, ``index``, ``range``, ``ref``, ``eq_ref``, ..."""
    possible_indexes: tuple[str, ...] = ()
    key_columns: tuple[str, ...] = ()
    """Columns of the index that the access goes by, from the first on."""
    key_length: int | None = None
    """Bytes of the index's key that the access goes by, as MySQL counts them."""
    references: tuple[str, ...] = ()
    """What the key columns are looked up by: columns of tables before this one, ``const``, ``func``."""
    examined_rows: float | None = None
    """Rows read per loop before the filter, where the server tells it; ``rows`` is what the filter leaves."""
    actual_examined_rows: float | None = None
    subplans_removed: int = 0
    """Partitions that an Append leaves out as it starts, by values not known before (``now()``, a parameter). Its cost
    is still that of all."""
    partitions: tuple[str, ...] = ()
    """Those of the relation that are read, as EXPLAIN of MySQL and MariaDB names them; ``p0_p0sp1`` a subpartition.
    Empty also where the relation has none."""

    def walk(self) -> Iterator[PlanNode]:
        """This node and all below it, depth first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    root: PlanNode
    settings: tuple[tuple[str, str], ...] = ()
    execution_ms: float | None = None

    @property
    def cost(self) -> float:
        """Total cost in planner units."""
        return self.root.total_cost

    @cached_property
    def indexes(self) -> frozenset[str]:
        """Names of the indexes that the plan reads."""
        return frozenset(node.index for node in self.root.walk() if node.index is not None)

    @cached_property
    def shape(self) -> tuple[object, ...]:
        """Node types, relations, indexes and conditions without costs: equal for equal plans."""

        def of(node: PlanNode) -> tuple[object, ...]:
            return (
                node.type,
                node.relation,
                node.alias,
                node.index,
                node.join_type,
                node.strategy,
                node.index_condition,
                node.filter,
                node.sort_keys,
                node.workers_planned,
                tuple(of(child) for child in node.children),
            )

        return of(self.root)


@dataclass(frozen=True)
class Configuration:
    """A what-if set of indexes: those added to the existing ones, and the names of existing ones left out."""

    add: frozenset[Index] = field(default_factory=frozenset)
    drop: frozenset[QualifiedName] = field(default_factory=frozenset)

    @cached_property
    def by_table(self) -> Mapping[QualifiedName, frozenset[Index]]:
        """The added indexes of each table."""
        found: dict[QualifiedName, set[Index]] = {}
        for index in self.add:
            found.setdefault(index.table, set()).add(index)
        return {table: frozenset(indexes) for table, indexes in found.items()}

    def with_index(self, index: Index) -> Configuration:
        return Configuration(self.add | {index}, self.drop)

    def without_index(self, index: Index) -> Configuration:
        return Configuration(self.add - {index}, self.drop)

    def dropping(self, name: QualifiedName) -> Configuration:
        return Configuration(self.add, self.drop | {name})


EMPTY_CONFIGURATION = Configuration()
