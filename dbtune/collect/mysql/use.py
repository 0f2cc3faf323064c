"""How tables and indexes are used: the counters of ``performance_schema``, or MariaDB's ``userstat``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from dbtune.collect.mysql.catalog import Catalog, placeholders
from dbtune.collect.mysql.tables import name_of
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.names import QualifiedName

WHAT = "usage counters"

BY_INDEX = """
    SELECT OBJECT_SCHEMA AS `schema`, OBJECT_NAME AS name, INDEX_NAME AS `index`, COUNT_STAR AS total,
           COUNT_FETCH AS fetched, COUNT_INSERT AS inserted, COUNT_UPDATE AS updated, COUNT_DELETE AS deleted
    FROM performance_schema.table_io_waits_summary_by_index_usage
    WHERE OBJECT_TYPE = 'TABLE' AND OBJECT_SCHEMA IN ({schemas})
"""

INSTRUMENT = """
    SELECT ENABLED AS enabled FROM performance_schema.setup_instruments WHERE NAME = 'wait/io/table/sql/handler'
"""

USERSTAT = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, INDEX_NAME AS `index`, ROWS_READ AS fetched,
           {queries} AS queries
    FROM information_schema.INDEX_STATISTICS
    WHERE TABLE_SCHEMA IN ({schemas})
"""

Source = Literal["", "performance_schema", "userstat"]


@dataclass(frozen=True)
class Counts:
    """Rows fetched by way of an index (or, under None, without any), and rows changed."""

    total: int = 0
    fetched: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Usage:
    """What was counted since the server's start, and by what."""

    source: Source = ""
    counts: Mapping[tuple[QualifiedName, str | None], Counts] = field(default_factory=dict)

    def of_index(self, table: QualifiedName, index: str) -> Counts | None:
        """None: not counted. An index that the server does not list was not used."""
        if not self.source:
            return None
        return self.counts.get((table, index), Counts())

    @cached_property
    def _by_table(self) -> dict[QualifiedName, dict[str | None, Counts]]:
        found: dict[QualifiedName, dict[str | None, Counts]] = defaultdict(dict)
        for (table, index), counts in self.counts.items():
            found[table][index] = counts
        return found

    def of_table(self, table: QualifiedName) -> Mapping[str | None, Counts]:
        """By index; None for what used none."""
        return self._by_table.get(table, {})


def read_usage(catalog: Catalog, schemas: Sequence[str], variables: Mapping[str, str]) -> Usage:
    """Of whichever of the two counts. Where neither does, a limit says what to switch on."""
    if variables.get("performance_schema") == "ON":
        enabled = catalog.probe(INSTRUMENT)
        if enabled is None or (enabled and enabled[0]["enabled"] == "YES"):
            return _by_performance_schema(catalog, schemas)
        why = "the instrument wait/io/table/sql/handler is switched off: UPDATE performance_schema.setup_instruments"
    else:
        why = "performance_schema is OFF: switch it on in the server's configuration and restart"
    if variables.get("userstat") == "ON":
        return _by_userstat(catalog, schemas)
    if catalog.version.family == "mariadb":
        why += ", or SET GLOBAL userstat = ON, which counts from then on"
    catalog.limit(WHAT, f"{why}; until then no index can be called unused")
    return Usage("", {})


def _by_performance_schema(catalog: Catalog, schemas: Sequence[str]) -> Usage:
    advice = "GRANT SELECT ON performance_schema.*; without it no index can be called unused"
    rows = catalog.rows(BY_INDEX.format(schemas=placeholders(schemas)), WHAT, schemas, advice=advice)
    if not catalog.could_see(WHAT):
        return Usage("", {})
    return Usage(
        "performance_schema",
        {
            (name_of(row), row["index"]): Counts(
                int(row["total"]),
                int(row["fetched"]),
                int(row["inserted"]),
                int(row["updated"]),
                int(row["deleted"]),
            )
            for row in rows
        },
    )


def _by_userstat(catalog: Catalog, schemas: Sequence[str]) -> Usage:
    queries = catalog.version.either(MySQLAbility.INDEX_STATISTICS_QUERIES, "QUERIES", "ROWS_READ")
    query = USERSTAT.format(schemas=placeholders(schemas), queries=queries)
    rows = catalog.rows(query, WHAT, schemas, advice="GRANT PROCESS ON *.*")
    if not catalog.could_see(WHAT):
        return Usage("", {})
    return Usage(
        "userstat",
        {(name_of(row), row["index"]): Counts(total=int(row["queries"]), fetched=int(row["fetched"])) for row in rows},
    )
