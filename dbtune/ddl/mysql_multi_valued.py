"""Multi-valued keys of MySQL 8.0.17: an entry for each member of a JSON array, ``CAST(... AS UNSIGNED ARRAY)``.

An empty array has no entry, NULL has one. Source: MySQL manual, CREATE INDEX, "Multi-Valued Indexes".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dbtune.ddl.mysql_quoting import identifier, literal
from dbtune.model.schema import Index, IndexKey

MOST_CHARACTERS = 512
"""``CHAR(n) ARRAY`` takes no more (error 1235)."""

MEMBER = "`dbtune_members`.`dbtune_member`"
"""A member of the array, where ``MultiValued.members`` stands in FROM."""

_KEY = re.compile(r"cast\((?P<array>.+) as (?P<type>[^()]+(?:\([\d, ]+\))?) array\)", re.IGNORECASE | re.DOTALL)
_JSON_TABLE_TYPES = {"unsigned": "bigint unsigned", "signed": "bigint"}
_JSON_TYPES = dict.fromkeys(_JSON_TABLE_TYPES, ("INTEGER", "UNSIGNED INTEGER"))


@dataclass(frozen=True)
class MultiValued:
    """Such a key. ``array``: SQL of the JSON array; ``type``: of its members, ``unsigned``, ``char(255)``."""

    array: str
    type: str

    @property
    def key(self) -> IndexKey:
        """As the server prints it, so that it is known again."""
        return IndexKey(expression=f"cast({self.array} as {self.type} array)")

    @property
    def is_text(self) -> bool:
        return self.type.startswith("char")

    @property
    def members(self) -> str:
        """What stands in FROM behind the table: a row for each of its entries but that the same member counts twice."""
        type_ = _JSON_TABLE_TYPES.get(self.type, self.type)
        if self.is_text:
            type_ = f"var{self.type} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs"
        return self._members(type_)

    @property
    def documents(self) -> str:
        """The same with each member as it is, a JSON document."""
        return self._members("json")

    @property
    def own_types(self) -> tuple[str, ...]:
        """What JSON_TYPE says of members that the index holds as they are; others it may convert. Empty: not known."""
        return ("STRING",) if self.is_text else _JSON_TYPES.get(self.type, ())

    def _members(self, type_: str) -> str:
        array = f"IFNULL(JSON_MERGE_PRESERVE('[]', {self.array}), '[null]')"
        return f"JSON_TABLE({array}, '$[*]' COLUMNS (`dbtune_member` {type_} PATH '$')) AS `dbtune_members`"


def json_array(column: str, path: str | None) -> str:
    """SQL of what a path of a JSON column holds, as the server prints it."""
    return identifier(column) if path is None else f"json_extract({identifier(column)},{literal(path)})"


def multi_valued(key: IndexKey) -> MultiValued | None:
    """The key as a multi-valued one; None where it is another."""
    found = _KEY.fullmatch(key.expression.strip()) if key.expression is not None else None
    return None if found is None else MultiValued(found["array"], found["type"].lower())


def multi_valued_key(keys: Sequence[IndexKey]) -> MultiValued | None:
    """The one among the keys; None where there is none. The server takes one an index."""
    return next((found for key in keys if (found := multi_valued(key)) is not None), None)


def is_multi_valued(index: Index) -> bool:
    """Whether the index has an entry for each member of an array, and none of a row whose array is empty."""
    return multi_valued_key(index.keys) is not None
