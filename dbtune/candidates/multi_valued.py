"""Multi-valued indexes of MySQL 8.0.17 and later: an entry for each member of a JSON array.

Columns stand behind the array and never before it: with a column first, MySQL 9.7 takes such an index for conditions on
the column alone as well, and loses the rows whose array is empty, which have no entry.

Source: MySQL manual, CREATE INDEX, "Multi-Valued Indexes".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from dbtune.candidates.innodb_keys import can_be_whole_key, declared_bytes, most_key_bytes, ranked
from dbtune.candidates.keys import fixed_columns
from dbtune.candidates.registry import Use, candidate_kind
from dbtune.connect.mysql_abilities import MySQLAbility, server_version
from dbtune.ddl.mysql_multi_valued import MultiValued, json_array, multi_valued_key
from dbtune.model.access import Predicate
from dbtune.model.schema import Index, IndexKey
from dbtune.sql.lexing_mysql import mysql_tokens

CHARACTERS = 255
"""Of the longest member that the index takes: a longer one is refused by every INSERT from then on."""
MEMBER_BYTES = 4
"""Of a character: members are utf8mb4."""

_LARGEST = 2**64
_LARGEST_SIGNED = 2**63


@candidate_kind("multi-valued", ("mysql",))
def multi_valued(use: Use) -> Iterator[Index]:
    """The array alone, and with the columns fixed by equalities behind it."""
    server = use.snapshot.server.mysql
    if server is None or not server_version(server.version_text).has(MySQLAbility.MULTI_VALUED_INDEXES):
        return
    for predicate in use.use.predicates:
        array = _array(use, predicate)
        if array is None:
            continue
        whole = (name for name in ranked(use, fixed_columns(use)) if can_be_whole_key(use.column(name), use))
        fixed = [] if predicate.disjunct else list(whole)[:2]
        for columns in ((), fixed) if fixed else ((),):
            type_ = _type(use, array, predicate, columns)
            if type_ is not None:
                yield use.index((MultiValued(array, type_).key, *(IndexKey(name) for name in columns)))


def _array(use: Use, predicate: Predicate) -> str | None:
    """What holds the array: a JSON column, or one path of it."""
    if predicate.kind != "json_members" or not predicate.constant:
        return None
    if predicate.column is not None:
        name, path = predicate.column, None
    else:
        found = mysql_tokens(predicate.expression or "")
        shape = " ".join("_" if t.kind in ("word", "quoted", "string") else t.spelling for t in found)
        if shape == "_ ( _ , _ )" and found[0].word == "json_extract":
            literal = found[4]
        elif shape == "_ -> _":
            literal = found[2]
        else:
            return None
        if literal.kind != "string":
            return None
        name, path = predicate.expression_columns[0], literal.spelling[1:-1]
    column = use.column(name)
    if column is None or column.type_name.name != "json" or (path is not None and ("\\" in path or "'" in path)):
        return None
    return json_array(name, path)


def _type(use: Use, array: str, predicate: Predicate, columns: Sequence[str]) -> str | None:
    """Of the members, by those that are looked for; that of an index which is there, since only one of two is used."""
    members = json.loads(predicate.value) if predicate.value is not None else []
    kinds = {type(member) for member in members}
    if kinds not in ({int}, {str}):
        return None
    known = next((k.type for i in use.table.indexes if (k := multi_valued_key(i.keys)) and k.array == array), None)
    if known is not None and known.startswith("char") == (kinds == {str}):
        return known
    if kinds == {int}:
        if min(members) >= 0:
            return "unsigned" if max(members) < _LARGEST else None
        return "signed" if min(members) >= -_LARGEST_SIGNED and max(members) < _LARGEST_SIGNED else None
    room = most_key_bytes(use) - sum(declared_bytes(c) for name in columns if (c := use.column(name)) is not None)
    length = min(CHARACTERS, room // MEMBER_BYTES)
    return f"char({length})" if length >= max(map(len, members)) else None
