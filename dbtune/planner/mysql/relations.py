"""Which table an alias stands for: most of EXPLAIN's formats name aliases only.

The server's note 1003, which SHOW WARNINGS gives after EXPLAIN (of MySQL's JSON version 1; MariaDB: EXPLAIN EXTENDED),
holds the statement as it was rewritten, with every table written ``schema.table alias``. Only one that a subquery is
looked up in by an index is named otherwise by MariaDB: ``<index_lookup>(... in orders on i where ...)``, its alias in a
condition (``subselect_uniquesubquery_engine::print`` in ``sql/item_subselect.cc``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbtune.connect.mysql import Row
from dbtune.model.names import QualifiedName
from dbtune.planner.mysql.constant_conditions import Comparisons, constant_conditions

_NAME = r"`((?:[^`]|``)+)`"
_TABLE = re.compile(
    rf"(?:\bfrom|\bjoin|\bupdate|\binto|,)\s*\(*\s*{_NAME}\.{_NAME}(?!\s*\.|\s+AS\b)(?:\s+(?:FOR \S+ )?{_NAME})?",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"(?:\bwith(?: recursive)?|\)\s*,)\s*{_NAME}\s*(?:\([^()]*\)\s*)?as\s*\(", re.IGNORECASE)
_LOOKED_UP = re.compile(r"_lookup>\(.*? in (?!<)(\S+) on ", re.DOTALL)
_COLUMN = re.compile(rf"{_NAME}\.{_NAME}\.{_NAME}")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)

REWRITTEN = 1003
"""The note with the rewritten statement."""


@dataclass(frozen=True)
class Relations:
    """Tables by the aliases that a statement gives them; an alias that is not there is taken for a table's name."""

    schema: str
    by_alias: Mapping[str, QualifiedName] = field(default_factory=dict)
    temporary: frozenset[str] = frozenset()
    """Names that WITH gives to subqueries."""
    repeated: frozenset[str] = frozenset()
    """Aliases that stand for a table in several queries of the statement."""
    rewritten: str = ""
    """Note 1003."""

    @cached_property
    def comparisons(self) -> Comparisons:
        """Of columns with constants, but for aliases that stand for several tables."""
        found = constant_conditions(self.rewritten)
        return {where: conditions for where, conditions in found.items() if where[0] not in self.repeated}

    def of(self, alias: str) -> QualifiedName | None:
        """The table; None for ``<derived2>``, ``<union1,2>`` and their like."""
        if alias.startswith("<") or (alias in self.temporary and alias not in self.by_alias):
            return None
        return self.by_alias.get(alias) or QualifiedName(self.schema, alias)


def noted_relations(schema: str, notes: Iterable[Row]) -> Relations:
    """From the rows of SHOW WARNINGS behind an EXPLAIN."""
    return relations(schema, " ".join(str(row["Message"]) for row in notes if int(row["Code"]) == REWRITTEN))


def relations(schema: str, rewritten: str) -> Relations:
    """From the rewritten statement of note 1003."""
    note = rewritten
    rewritten = _LITERAL.sub("''", rewritten)
    repeated: set[str] = set()
    found: dict[str, QualifiedName] = {}
    for match in _TABLE.finditer(rewritten):
        space, table, alias = (None if part is None else part.replace("``", "`") for part in match.groups())
        assert space is not None and table is not None
        if (alias or table) in found:
            repeated.add(alias or table)
        found.setdefault(alias or table, QualifiedName(space, table))
    found.update(_looked_up(schema, rewritten, found))
    named = frozenset(name.replace("``", "`") for name in _NAMED.findall(rewritten))
    return Relations(schema, found, named, frozenset(repeated), note)


def _looked_up(schema: str, rewritten: str, known: Mapping[str, QualifiedName]) -> dict[str, QualifiedName]:
    """Tables of subqueries that are looked up by an index."""
    found: dict[str, QualifiedName] = {}
    for match in _LOOKED_UP.finditer(rewritten):
        table = match.group(1)
        columns = (
            tuple(part.replace("``", "`") for part in names) for names in _COLUMN.findall(rewritten, match.end())
        )
        space, alias = next(((s, a) for s, a, _ in columns if a not in known and a not in found), (schema, table))
        found[alias] = QualifiedName(space, table)
    return found
