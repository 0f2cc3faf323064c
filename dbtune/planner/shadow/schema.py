"""Recreates a snapshot's schema in an empty database, object by object, in the order they depend on each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from dbtune.ddl.quoting import identifier, qualified
from dbtune.ddl.tables import add_constraint, attach_index, create_sequence, create_table, create_view
from dbtune.ddl.types import create_type
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Index, Table
from dbtune.model.schema_objects import Function
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.shadow.ddl_runner import Connection, DdlRunner, Fallback, Step
from dbtune.planner.shadow.stand_ins import StandIns, create_collations, create_extensions

NOT_IN_PLANS = ("trigger", "event_trigger")
"""Functions that return these never stand in a query."""

SHOWS_RANGE_STATISTICS = 17
"""From this major version on, ``pg_stats`` has the histograms of range columns."""

KEY_CONSTRAINTS = ("primary key", "unique", "exclusion")


def create_schema(connection: Connection, snapshot: Snapshot) -> tuple[Limit, ...]:
    """Make everything that plans depend on, with empty files and no statistics; what could not be made.

    Left out on purpose: triggers, rules, comments, privileges, policies.
    """
    runner = DdlRunner(connection)
    runner.run(
        Step(f"schema {name}", f"CREATE SCHEMA IF NOT EXISTS {identifier(name)}")
        for name in _schema_names(snapshot)
        if not name.startswith("pg_")
    )
    create_extensions(connection, runner, snapshot)
    create_collations(connection, runner, snapshot)
    runner.run(Step(f"type {user_type.name}", create_type(user_type)) for user_type in snapshot.types)
    stand_ins = StandIns.create(connection, runner, snapshot)
    runner.run(Step(f"sequence {sequence.name}", create_sequence(sequence)) for sequence in snapshot.sequences)
    runner.run(_functions(snapshot.functions))
    tables = tuple(_parents_first(snapshot))
    runner.run(map(partial(_table, stand_ins=stand_ins), tables))
    runner.run(Step(f"view {view.name}", create_view(view)) for view in snapshot.views)
    runner.settle()
    _constraints_and_indexes(runner, [table for table in tables if f"table {table.name}" not in runner.failed])
    runner.run(
        Step(f"extended statistics {statistics.name}", statistics.definition)
        for statistics in snapshot.extended_statistics
    )
    runner.settle()
    return (*runner.limits, *_honest_about(snapshot))


def _schema_names(snapshot: Snapshot) -> Iterator[str]:
    names = [
        *(table.name for table in snapshot.tables),
        *(view.name for view in snapshot.views),
        *(user_type.name for user_type in snapshot.types),
        *(function.name for function in snapshot.functions),
        *(sequence.name for sequence in snapshot.sequences),
    ]
    yield from sorted({*snapshot.schemas, *(name.schema for name in names)})


def _functions(functions: Iterable[Function]) -> Iterator[Step]:
    for function in functions:
        if function.returns in NOT_IN_PLANS or function.kind in ("procedure", "aggregate"):
            continue
        stub = Fallback(_stub(function), "recreated with its signature only")
        what = f"function {function.name}({function.arguments})"
        if function.definition is None:
            yield Step(what, stub.sql)
        else:
            yield Step(what, function.definition.rstrip().rstrip(";"), (stub,))


def _stub(function: Function) -> str:
    """The same signature, volatility, strictness and cost, returning nothing: it can be planned, never inlined."""
    returns = function.returns
    if function.returns_set and not returns.upper().startswith(("SETOF", "TABLE")):
        returns = f"SETOF {returns}"
    parts = [
        f"CREATE FUNCTION {qualified(function.name)}({function.arguments}) RETURNS {returns}",
        f"LANGUAGE plpgsql {function.volatility.upper()} PARALLEL {function.parallel.upper()} COST {function.cost:g}",
    ]
    if function.strict:
        parts.append("STRICT")
    if function.returns_set and function.rows > 0:
        parts.append(f"ROWS {function.rows:g}")
    parts.append(f"AS 'BEGIN RETURN{'' if function.returns_set else ' NULL'}; END'")
    return " ".join(parts)


def _parents_first(snapshot: Snapshot) -> Iterator[Table]:
    """Tables in an order in which each comes after those it is a partition of or inherits from."""
    done: set[QualifiedName] = set()

    def visit(table: Table) -> Iterator[Table]:
        if table.name in done:
            return
        done.add(table.name)
        for parent in table.parents:
            found = snapshot.table(parent)
            if found is not None:
                yield from visit(found)
        yield table

    for table in snapshot.tables:
        if table.persistence != "temporary":
            yield from visit(table)


def _table(table: Table, stand_ins: StandIns) -> Step:
    create = partial(create_table, table, column_type=stand_ins.type_of)
    fallbacks = [Fallback(create(with_expressions=False), "made without defaults and generated expressions")]
    if table.parents:
        alone = "made on its own, outside its parent"
        fallbacks += [Fallback(create(attached=False), alone)]
        fallbacks += [Fallback(create(attached=False, with_expressions=False), alone)]
    return Step(f"table {table.name}", create(), tuple(fallbacks))


def _constraints_and_indexes(runner: DdlRunner, tables: list[Table]) -> None:
    runner.run(step for table in tables for step in _keys_and_checks(table))
    runner.settle()
    runner.run(
        Step(f"index {index.qualified_name}", index.facts.definition)
        for table in tables
        for index in table.indexes
        if index.facts is not None and index.facts.constraint is None and index.facts.valid
    )
    runner.settle()
    runner.run(step for table in tables for step in _attachments(table.indexes))
    runner.settle()
    runner.run(
        Step(f"constraint {key.name} of {table.name}", add_constraint(table, key))
        for table in tables
        for key in table.foreign_keys
        if not key.inherited
    )
    runner.settle()


def _keys_and_checks(table: Table) -> Iterator[Step]:
    for constraint in table.constraints:
        # a partition's key is made on the partition and attached; its checks come down from the parent
        is_key = constraint.kind in KEY_CONSTRAINTS
        if is_key or (constraint.kind == "check" and not constraint.inherited):
            yield Step(f"constraint {constraint.name} of {table.name}", add_constraint(table, constraint))


def _attachments(indexes: Iterable[Index]) -> Iterator[Step]:
    for index in indexes:
        parent = index.facts.partition_of if index.facts is not None else None
        if parent is not None:
            yield Step(f"partition of index {parent}: {index.qualified_name}", attach_index(parent, index))


def _honest_about(snapshot: Snapshot) -> Iterator[Limit]:
    secured = [str(table.name) for table in snapshot.tables if table.row_security]
    if secured:
        yield Limit(
            f"row security of {', '.join(secured[:5])}{' and others' if len(secured) > 5 else ''}",
            "statements are planned as the owner: the conditions of policies are not in their plans",
        )
    foreign = [str(table.name) for table in snapshot.tables if table.kind == "foreign table"]
    if foreign:
        yield Limit(
            f"foreign tables {', '.join(foreign[:5])}{' and others' if len(foreign) > 5 else ''}",
            "planned as local tables: what the other server would do is not known here",
        )
    ranges = [f"{table.name}.{column.name}" for table in snapshot.tables for column in table.columns if _blind(column)]
    if ranges and snapshot.server.major < SHOWS_RANGE_STATISTICS:
        yield Limit(
            f"statistics of {', '.join(ranges[:5])}{' and others' if len(ranges) > 5 else ''}",
            f"Postgres {snapshot.server.major} does not show those of range columns: estimates fall back on defaults",
        )


def _blind(column: Column) -> bool:
    """A range column that was analysed, whose histograms are not to be seen."""
    statistics = column.statistics
    return column.type_category == "R" and statistics is not None and not statistics.range_bounds_histogram
