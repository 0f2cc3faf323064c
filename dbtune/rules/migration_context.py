"""What a rule for migrations may look at: the snapshot before and after, what each statement did, every plan twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbtune.model.location import SourceLocation
from dbtune.model.migration import Effects
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Confidence, Plan
from dbtune.model.recommendation import Evidence, Recommendation, StatementEvidence
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.units import human_bytes, plural
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.planner.mysql.prices import RowPrices
from dbtune.rules.wording import rows_words, short_text
from dbtune.sql.ddl import read_ddl
from dbtune.sql.ddl_form import Ddl

SMALL_BYTES = 10 * 1024 * 1024
"""A table whose file is smaller is read, written anew or indexed within a tenth of a second."""

WORSE = 1.2
"""A statement this many times as dear is worse (as verify calls a plan slower)."""

LEAST_RISE = 25.0
"""Planner units of one call below which a rise is that of a lookup of a few pages, and no matter."""

NAMED = 3
"""Statements named in a reason."""


LEAST_LOOKUPS = 70
"""Rows fetched by way of an index for as much, on servers whose planner counts in other units."""


def least_rise(snapshot: Snapshot) -> float:
    """Of one call's cost, in planner units of the snapshot's server: a smaller one is no matter."""
    return LEAST_RISE if snapshot.server.dialect == "postgres" else LEAST_LOOKUPS * RowPrices.of(snapshot).row


@dataclass(frozen=True)
class StatementChange:
    """One statement planned before and after the migration."""

    planned: PlannedStatement
    before: StatementCost
    after: StatementCost | None
    """None where it cannot be planned any more."""
    failure: str = ""
    """The server's reason then."""
    least_rise: float = LEAST_RISE
    """Planner units of one call, see ``least_rise``."""

    def reads(self, index: Index) -> bool:
        """Whether any plan before the migration reads the index."""
        if index.facts is None or index.facts.mysql is None:
            return index.name in self.before.indexes
        # other tables may have an index of that name
        nodes = (node for plan in self.before.plans for node in plan.root.walk())
        return any(node.index == index.name and node.relation == index.table for node in nodes)

    @property
    def rise(self) -> float:
        """Of one call's cost; 0 where it cannot be planned any more."""
        return 0.0 if self.after is None else self.after.cost - self.before.cost

    @property
    def ratio(self) -> float:
        return 1.0 if self.after is None or self.before.cost <= 0 else self.after.cost / self.before.cost

    @property
    def is_worse(self) -> bool:
        return self.ratio >= WORSE and self.rise >= self.least_rise

    @property
    def is_planned_otherwise(self) -> bool:
        """Whether any plan reads its tables in another way, not only at other costs."""
        return self.after is not None and [_outline(one) for one in self.before.plans] != [
            _outline(one) for one in self.after.plans
        ]

    @property
    def is_broken(self) -> bool:
        return self.after is None

    @property
    def weight(self) -> float:
        """Rise over all calls."""
        return self.rise * self.planned.calls

    @property
    def evidence(self) -> StatementEvidence:
        statement = self.planned.statement
        after = None if self.after is None else self.after.cost
        before = None if self.after is None else self.before.cost
        return StatementEvidence(
            statement.fingerprint, statement.calls, before, after, statement.text, statement.total_ms
        )


def _outline(plan: Plan) -> list[tuple[object, ...]]:
    """Which nodes read what by which index, without conditions."""
    return [(node.type, node.relation, node.index, node.join_type, node.access) for node in plan.root.walk()]


@dataclass(frozen=True)
class PlannedWrite:
    """Rows that the planner thinks one UPDATE, DELETE or MERGE writes."""

    table: QualifiedName
    rows: float


@dataclass(frozen=True)
class NewQuery:
    """A query of the files that were named, with its plan."""

    location: SourceLocation
    planned: PlannedStatement
    cost: StatementCost | None
    """None where it has no plan."""
    failure: str = ""
    refused: bool = False
    """Whether the failure is the server's own word; else it could not be asked."""
    indexes: tuple[Recommendation, ...] = ()
    """Missing indexes that the search for them found for it."""


@dataclass(frozen=True)
class MigrationContext:
    """All that is known of a migration."""

    before: Snapshot
    after: Snapshot
    effects: tuple[Effects, ...]
    changes: tuple[StatementChange, ...]
    """Every statement of the workload that could be planned before."""
    planner: str
    confidence: Confidence
    writes: Mapping[SourceLocation, PlannedWrite] = field(default_factory=dict)
    """What the planner thinks that the statements on rows write."""
    queries: tuple[NewQuery, ...] = ()
    """Queries that are new, planned on the schema as it will be."""
    tried: Confidence = "proven"
    """Of what the statements did on the copy of the schema."""

    @property
    def dialect(self) -> Dialect:
        return self.before.server.dialect

    def steps(self) -> Iterator[tuple[Effects, Ddl]]:
        """What each statement did, and the form it has."""
        yield from self._steps

    @cached_property
    def _steps(self) -> tuple[tuple[Effects, Ddl], ...]:
        return tuple((one, read_ddl(one.pending.text, one.pending.dialect)) for one in self.effects)

    def rows(self, name: QualifiedName) -> float | None:
        """Rows of a table, its partitions' together; None where they were never counted."""
        known = [table.rows for table in self.tree(name) if table.tuples >= 0 and table.kind != "partitioned"]
        return sum(known) if known else None

    def bytes(self, name: QualifiedName) -> int:
        """Of a table's main file, its partitions' together."""
        return sum(table.file_pages for table in self.tree(name)) * self.before.server.block_size

    def tree(self, name: QualifiedName) -> Iterator[Table]:
        """The table and all below it, as before the migration."""
        table = self.before.table(name)
        if table is not None:
            yield table
            for child in self.before.children(name):
                yield from self.tree(child.name)

    def is_small(self, name: QualifiedName) -> bool:
        """Whether all that a statement does to the table takes no time to speak of."""
        return self.bytes(name) < SMALL_BYTES

    def largest(self, names: frozenset[QualifiedName] | set[QualifiedName]) -> QualifiedName | None:
        """The largest of those that are not small; None where all are."""
        large = [name for name in sorted(names) if not self.is_small(name)]
        return max(large, key=self.bytes, default=None)

    def users(self, name: QualifiedName) -> list[PlannedStatement]:
        """Statements of the workload that read or write the table."""
        tree = {table.name for table in self.tree(name)} | {name}
        return [change.planned for change in self.changes if change.planned.facts.tables & tree]

    def calls(self, name: QualifiedName) -> float:
        """Of the workload's statements that use the table."""
        return sum(planned.calls for planned in self.users(name))

    def table_words(self, name: QualifiedName) -> str:
        """``orders (12.3 M rows, 1.4 GiB)``."""
        facts = [rows_words(self.rows(name)), human_bytes(self.bytes(name)) if self.bytes(name) else ""]
        said = ", ".join(fact for fact in facts if fact)
        return f"{name} ({said})" if said else str(name)

    def traffic_words(self, name: QualifiedName) -> str:
        """``12 statements of the workload (1,204 calls) use it``; empty where the workload does not."""
        users = self.users(name)
        if not users:
            return ""
        calls = plural(sum(planned.calls for planned in users), "call")
        return f"{plural(len(users), 'statement')} of the workload ({calls}) {'uses' if len(users) == 1 else 'use'} it"

    def index(self, name: QualifiedName) -> Index | None:
        """An index as before the migration."""
        return index_of(self.before, name)

    def proof(self, changes: list[StatementChange] | None = None) -> Evidence:
        """Evidence of plans before and after, for these statements."""
        changed = sorted(changes or [], key=lambda one: -abs(one.weight))
        total = sum(one.before.cost * one.planned.calls for one in self.changes)
        risen = sum(one.weight for one in changed)
        return Evidence(
            self.confidence,
            self.planner,
            total if changed else None,
            total + risen if changed else None,
            -risen / total if changed and total > 0 else None,
            statements=tuple(one.evidence for one in changed),
        )

    def known(self) -> Evidence:
        """Evidence of what is known of such statements."""
        return Evidence("heuristic", self.planner)

    def seen(self) -> Evidence:
        """Evidence of what the server did on the copy of the schema."""
        return Evidence(self.tried, self.planner)


def index_of(snapshot: Snapshot, name: QualifiedName) -> Index | None:
    """By its full name."""
    return next((index for index in snapshot.indexes if index.full_name == name), None)


def named(changes: list[StatementChange]) -> str:
    """Up to three statements in words, those that matter most first."""
    first = sorted(changes, key=lambda one: (-one.weight, -one.planned.calls, one.planned.fingerprint))[:NAMED]
    said = [
        f"`{short_text(one.planned.statement.text)}` ({plural(one.planned.calls, 'call')}"
        + ("" if one.after is None else f", cost {cost_number(one.before.cost)} → {cost_number(one.after.cost)}")
        + ")"
        for one in first
    ]
    more = f", and {len(changes) - len(first)} more" if len(changes) > len(first) else ""
    return "; ".join(said) + more


def cost_number(cost: float) -> str:
    """``14,138``, ``0.023``: MariaDB's planner counts in milliseconds."""
    return f"{cost:,.0f}" if cost >= 10 else f"{cost:.2g}"
