"""Functional indexes of MySQL 8.0.13 and later: on an expression that the statements compare.

MariaDB has none; there a generated column has to be added to the table first.

Source: MySQL manual, CREATE INDEX, "Functional Key Parts".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.candidates.expression import COMPARED
from dbtune.candidates.innodb_keys import LONG_TYPES, NO_KEYS, can_be_whole_key, ranked
from dbtune.candidates.keys import conjuncts, fixed_columns
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.model.access import Predicate
from dbtune.model.schema import Index, IndexKey


@candidate_kind("expression", ("mysql",))
def functional(use: Use) -> Iterator[Index]:
    """The expression alone, and after the columns fixed by equalities."""
    server = use.snapshot.server.mysql
    if server is None or not server_version(server.version_text).has(MySQLAbility.FUNCTIONAL_INDEXES):
        return
    for predicate in conjuncts(use):
        if predicate.column is not None or predicate.kind not in COMPARED or not _can_be_key(use, predicate):
            continue
        computed = IndexKey(expression=predicate.expression)
        yield use.index((computed,))
        fixed = [name for name in ranked(use, fixed_columns(use)) if can_be_whole_key(use.column(name), use)][:2]
        if fixed:
            yield use.index((*(IndexKey(name) for name in fixed), computed))


def _can_be_key(use: Use, predicate: Predicate) -> bool:
    """Not of texts and JSON: what is computed from them is as long, and the server refuses it as a key (3757).

    JSON_VALUE is there for that: its value is a text of 512 characters, or of the type after RETURNING.
    """
    if predicate.expression is None:
        return False
    columns = [use.column(name) for name in predicate.expression_columns]
    is_short = predicate.expression.lower().startswith("json_value")
    return all(
        column is not None and (is_short or column.type_name.name not in LONG_TYPES | NO_KEYS) for column in columns
    )
