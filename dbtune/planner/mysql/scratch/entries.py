"""What an index has entries of, as SQL: one for each row, of a multi-valued index one for each member of its array."""

from __future__ import annotations

from collections.abc import Sequence

from dbtune.ddl.mysql_indexes import key_expression
from dbtune.ddl.mysql_multi_valued import MEMBER, multi_valued, multi_valued_key
from dbtune.ddl.mysql_quoting import identifier, literal, qualified
from dbtune.model.schema import IndexKey, Table
from dbtune.planner.mysql.index_size import clustered_columns


def value_expression(key: IndexKey) -> str:
    """What an entry holds for the key, where ``source`` stands in FROM."""
    return key_expression(key) if multi_valued(key) is None else MEMBER


def source(table: Table, keys: Sequence[IndexKey]) -> str:
    """What stands in FROM: the table, with the members of the array where one of the keys is multi-valued."""
    array = multi_valued_key(keys)
    return qualified(table.name) if array is None else f"{qualified(table.name)}, {array.members}"


def converted(table: Table, keys: Sequence[IndexKey]) -> str | None:
    """A query for the number of members that the index holds as something else; None where there can be none.

    It is by the index that the server compares then: ``2 MEMBER OF ('[1.5]')`` and ``12 MEMBER OF ('["12"]')`` are true
    (MySQL 9.7).
    """
    array = multi_valued_key(keys)
    if array is None or not array.own_types:
        return None
    own = ", ".join(map(literal, (*array.own_types, "NULL")))
    return (
        f"SELECT COUNT(*) AS n FROM {qualified(table.name)}, {array.documents} WHERE JSON_TYPE({MEMBER}) NOT IN ({own})"
    )


def grouped(table: Table, keys: Sequence[IndexKey], selected: str) -> str:
    """A query of ``selected`` for each combination of values that entries of the index have."""
    values = [value_expression(key) for key in keys]
    if multi_valued_key(keys) is None:
        return f"SELECT {selected} FROM {source(table, keys)} GROUP BY {', '.join(values)}"
    # a member that stands in an array twice has one entry
    row = [identifier(column.name) for column in clustered_columns(table)]
    named = ", ".join(f"{text} AS k{number}" for number, text in enumerate((*values, *row)))
    entries = f"SELECT {'DISTINCT ' if row else ''}{named} FROM {source(table, keys)}"
    return f"SELECT {selected} FROM ({entries}) AS entries GROUP BY {', '.join(f'k{n}' for n in range(len(values)))}"
