"""Rows that a statement looks up by a whole unique key: the optimiser reads them before it plans.

Where the sample lacks such a row, one of its rows is given the key that is looked up, and what else the statement
equates with a constant: one that meets its other conditions, if there is any. Columns by which that row leads to other
tables get a value that is there as well. A row found so is a constant itself: what another table equates with its
columns may be the rest of that one's key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

import sqlglot
from pymysql.err import MySQLError
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_refusals import code_of
from dbtune.ddl.mysql_quoting import identifier, literal, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan
from dbtune.model.schema import Table

MESSAGES = (
    "no matching row in const table",
    "noticed after reading const tables",
    "unique row not found",
    "const row not found",
)

DUPLICATE = 1062

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_CONSTANTS = (exp.Literal, exp.Neg, exp.Cast)

_Bound = dict[str, dict[str, str]]
"""Alias to column to the constant it must equal, as SQL."""


def lacks_row(plan: Plan) -> bool:
    """Whether the server found a row missing while it planned."""
    return any(word in (node.strategy or "") for node in plan.root.walk() for word in MESSAGES)


def put_rows(session: MySQLSession, sql: str, schema: str, tables: Mapping[QualifiedName, Table]) -> bool:
    """Make the rows that the statement looks up. False where nothing could be done."""
    try:
        tree = sqlglot.parse_one(sql, read="mysql")
    except SqlglotError:
        return False
    named = {
        (source.alias or source.name).lower(): QualifiedName(source.db or schema, source.name)
        for source in tree.find_all(exp.Table)
    }
    bound, joins = _equalities(tree, named)
    done, waiting = False, list(named)
    while ready := next(_whole_keys(waiting, bound, named, tables), None):
        alias, table, key = ready
        waiting.remove(alias)
        values = {column: bound[alias][column.lower()] for column in key}
        given = {column: value for column, value in bound[alias].items() if column not in map(str.lower, key)}
        wanted = _comparisons(tree, named, alias)
        if _put(session, table, values, given, wanted, _leading(alias, [*key, *given], joins, named, tables)):
            done = True
            _pass_on(session, alias, table, values, joins, waiting, bound)
    return done


def _pass_on(
    session: MySQLSession,
    alias: str,
    table: Table,
    values: Mapping[str, str],
    joins: Sequence[tuple[exp.Column, exp.Column]],
    waiting: Sequence[str],
    bound: _Bound,
) -> None:
    """Bind the columns of other tables that are equated with those of the row that was found or made."""
    where = _equal(values)
    for mine, theirs in joins:
        other = theirs.table.lower()
        if mine.table.lower() != alias or other not in waiting:
            continue
        with suppress(MySQLError):
            found = session.rows(
                f"SELECT {identifier(mine.name)} AS v FROM {qualified(table.name)} WHERE {where} LIMIT 1"
            )
            if found and found[0]["v"] is not None:
                bound.setdefault(other, {})[theirs.name.lower()] = _constant(found[0]["v"])


def _equal(values: Mapping[str, str], separator: str = " AND ") -> str:
    return separator.join(f"{identifier(column)} = {value}" for column, value in values.items())


def _constant(value: object) -> str:
    return f"x'{value.hex()}'" if isinstance(value, bytes) else literal(str(value))


def _whole_keys(
    aliases: Iterable[str], bound: _Bound, named: Mapping[str, QualifiedName], tables: Mapping[QualifiedName, Table]
) -> Iterator[tuple[str, Table, Sequence[str]]]:
    for alias in aliases:
        table = tables.get(named[alias])
        key = None if table is None else _whole_key(table, bound.get(alias, {}))
        if table is not None and key is not None:
            yield alias, table, key


def _equalities(
    tree: exp.Expr, named: Mapping[str, QualifiedName]
) -> tuple[_Bound, list[tuple[exp.Column, exp.Column]]]:
    bound: _Bound = {}
    joins: list[tuple[exp.Column, exp.Column]] = []
    only = next(iter(named)) if len(named) == 1 else ""
    for equality in tree.find_all(exp.EQ):
        left, right = equality.left, equality.right
        if isinstance(right, exp.Column) and not isinstance(left, exp.Column):
            left, right = right, left
        if not isinstance(left, exp.Column):
            continue
        if isinstance(right, exp.Column):
            joins += [(left, right), (right, left)]
            continue
        alias = (left.table or only).lower()
        if alias in named and isinstance(right, _CONSTANTS):
            bound.setdefault(alias, {})[left.name.lower()] = right.sql(dialect="mysql")
    return bound, joins


def _comparisons(tree: exp.Expr, named: Mapping[str, QualifiedName], alias: str) -> list[str]:
    """What the statement compares columns of the table with, as conditions on the table alone."""
    found: list[str] = []
    for one in tree.find_all(*_COMPARISONS):
        columns = list(one.find_all(exp.Column))
        own = len(columns) == 1 and (columns[0].table.lower() == alias or (not columns[0].table and len(named) == 1))
        if own and one.left is columns[0] and isinstance(one.right, _CONSTANTS):
            bare = one.copy()
            bare.set("this", exp.column(columns[0].name, quoted=True))
            found.append(bare.sql(dialect="mysql"))
    return found


def _whole_key(table: Table, columns: Mapping[str, str]) -> Sequence[str] | None:
    for index in table.indexes:
        names = [key.column for key in index.keys]
        if (index.primary or index.unique) and all(name is not None and name.lower() in columns for name in names):
            return [name for name in names if name is not None]
    return None


def _leading(
    alias: str,
    key: Sequence[str],
    joins: Sequence[tuple[exp.Column, exp.Column]],
    named: Mapping[str, QualifiedName],
    tables: Mapping[QualifiedName, Table],
) -> Iterator[tuple[str, QualifiedName, str]]:
    """Columns by which rows of other tables are looked up: the column, the other table and its column."""
    own = {name.lower() for name in key}
    for mine, theirs in joins:
        other = named.get(theirs.table.lower())
        if mine.table.lower() == alias and mine.name.lower() not in own and other in tables:
            assert other is not None
            yield mine.name, other, theirs.name


def _put(
    session: MySQLSession,
    table: Table,
    values: Mapping[str, str],
    given: Mapping[str, str],
    wanted: Sequence[str],
    leading: Iterator[tuple[str, QualifiedName, str]],
) -> bool:
    where = _equal(values)
    name = qualified(table.name)
    try:
        if not session.rows(f"SELECT 1 AS there FROM {name} WHERE {where} LIMIT 1"):
            fitting = " + ".join(f"COALESCE({condition}, 0)" for condition in wanted)
            order = f" ORDER BY {fitting} DESC" if wanted else ""
            session.run(f"UPDATE {name} SET {_equal(values, ', ')}{order} LIMIT 1")
        for column, value in given.items():
            _lead(session, name, where, column, value)
        for column, other, theirs in leading:
            found = session.rows(f"SELECT {identifier(theirs)} AS v FROM {qualified(other)} LIMIT 1")
            if found:
                _lead(session, name, where, column, _constant(found[0]["v"]))
    except MySQLError:
        return False
    return True


def _lead(session: MySQLSession, name: str, where: str, column: str, value: str) -> None:
    """Give the row that value; another row of the sample that has it, where no two may, makes room."""
    change = f"UPDATE {name} SET {identifier(column)} = {value} WHERE {where}"
    try:
        session.run(change)
    except MySQLError as error:
        if code_of(error) != DUPLICATE:
            raise
        session.run(f"DELETE FROM {name} WHERE {identifier(column)} = {value}")
        session.run(change)
