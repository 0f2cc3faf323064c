"""CREATE INDEX and DROP INDEX, from the nouns of the model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection

from dbtune.ddl.mysql_multi_valued import multi_valued
from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey

MAXIMUM_NAME_BYTES = 63
"""NAMEDATALEN - 1 of a server as it is built by default."""


def create_index(index: Index, *, concurrently: bool = True, if_not_exists: bool = False, only: bool = False) -> str:
    """The statement that builds the index, without a semicolon. ``only``: a partitioned parent, not its leaves."""
    words = ["CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX"]
    if concurrently:
        words.append("CONCURRENTLY")
    if if_not_exists:
        words.append("IF NOT EXISTS")
    words += [identifier(index.name), "ON ONLY" if only else "ON", qualified(index.table)]
    if index.method != "btree":
        words += ["USING", identifier(index.method)]
    words.append(f"({', '.join(_key(key) for key in index.keys)})")
    if index.include:
        words.append(f"INCLUDE ({', '.join(identifier(column) for column in index.include)})")
    if index.nulls_not_distinct:
        words.append("NULLS NOT DISTINCT")
    if index.options:
        words.append(f"WITH ({', '.join(f'{identifier(name)} = {literal(value)}' for name, value in index.options)})")
    if index.predicate is not None:
        words.append(f"WHERE {index.predicate}")
    return " ".join(words)


def drop_index(name: QualifiedName, *, concurrently: bool = True, if_exists: bool = True) -> str:
    """The statement that drops the index, without a semicolon."""
    words = ["DROP INDEX"]
    if concurrently:
        words.append("CONCURRENTLY")
    if if_exists:
        words.append("IF EXISTS")
    return " ".join([*words, qualified(name)])


def index_name(index: Index, taken: Collection[str]) -> str:
    """A name that says what the index is on, at most 63 bytes, the same in every run, and none of ``taken``."""
    full, short = _wanted_name(index, index.include), _wanted_name(index, ())
    wanted = full if len(full.encode()) <= MAXIMUM_NAME_BYTES else short
    name = _within_limit(wanted, index)
    if name in taken:
        name = _with_suffix(wanted, _digest(index))
    number = 2
    while name in taken:
        name = _with_suffix(wanted, f"{_digest(index)}_{number}")
        number += 1
    return name


def _key(key: IndexKey) -> str:
    words = [identifier(key.column) if key.column is not None else f"({key.expression})"]
    if key.collation is not None:
        words += ["COLLATE", qualified(key.collation)]
    if key.opclass is not None:
        words.append(identifier(key.opclass.name) if key.opclass.schema == "pg_catalog" else qualified(key.opclass))
    if key.descending:
        words.append("DESC" if key.nulls_first else "DESC NULLS LAST")
    elif key.nulls_first:
        words.append("NULLS FIRST")
    return " ".join(words)


def _wanted_name(index: Index, included: Collection[str]) -> str:
    words = ["idx", index.table.name, *(_name_part(key) for key in index.keys)]
    if index.method != "btree":
        words.append(index.method)
    if index.include:
        words += ["incl", *included]
    if index.predicate is not None:
        words.append("partial")
    return "_".join(words)


def _name_part(key: IndexKey) -> str:
    if key.column is not None:
        return key.column
    array = multi_valued(key)
    expression = (key.expression or "") if array is None else array.array.removeprefix("json_extract")
    # in lower case, so that the name needs no quotes
    return "_".join(re.findall(r"\w+", expression.lower()))[:20].strip("_")


def _digest(index: Index) -> str:
    return hashlib.sha256(repr(index.shape).encode()).hexdigest()[:8]


def _within_limit(name: str, index: Index) -> str:
    return name if len(name.encode()) <= MAXIMUM_NAME_BYTES else _with_suffix(name, _digest(index))


def _with_suffix(name: str, suffix: str) -> str:
    room = MAXIMUM_NAME_BYTES - len(suffix) - 1
    return f"{name.encode()[:room].decode(errors='ignore')}_{suffix}"
