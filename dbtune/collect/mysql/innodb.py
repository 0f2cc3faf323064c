"""InnoDB's persistent statistics: rows, pages and distinct values of tables, partitions and indexes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.tables import moment
from dbtune.model.names import QualifiedName

WHAT = "InnoDB's statistics"

TABLE_STATS = """
    SELECT database_name AS `schema`, table_name AS name, last_update, n_rows, clustered_index_size AS clustered,
           sum_of_other_index_sizes AS other
    FROM mysql.innodb_table_stats
    WHERE database_name IN ({schemas})
"""

INDEX_STATS = """
    SELECT database_name AS `schema`, table_name AS name, index_name AS `index`, stat_name AS stat,
           stat_value AS value, sample_size AS sample, stat_description AS description
    FROM mysql.innodb_index_stats
    WHERE database_name IN ({schemas})
    ORDER BY database_name, table_name, index_name, stat_name
"""

ADVICE = (
    "GRANT SELECT ON mysql.innodb_table_stats and mysql.innodb_index_stats, which hold rows, pages and distinct values "
    "as the optimiser counts with them"
)

_PARTITION = re.compile(r"#p#", re.IGNORECASE)
_SUBPARTITION = re.compile(r"#sp#", re.IGNORECASE)
_N_DIFF = re.compile(r"n_diff_pfx(\d+)\Z")
_ENCODED = re.compile(r"@([0-9a-f]{4})")


@dataclass(frozen=True)
class Place:
    """A table, or one of its partitions (or subpartitions)."""

    table: QualifiedName
    partition: str = ""
    subpartition: str = ""


@dataclass(frozen=True)
class TableCounts:
    """A row of ``innodb_table_stats``; sizes in pages."""

    rows: int
    clustered: int
    other: int
    updated: str | None


@dataclass
class IndexCounts:
    """The rows of ``innodb_index_stats`` about one index; sizes in pages."""

    n_diff: dict[int, int] = field(default_factory=dict)
    sampled: dict[int, int | None] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    leaf_pages: int | None = None
    pages: int | None = None

    @property
    def n_diff_list(self) -> tuple[int, ...]:
        return tuple(self.n_diff[key] for key in sorted(self.n_diff))

    @property
    def sampled_list(self) -> tuple[int | None, ...]:
        return tuple(self.sampled[key] for key in sorted(self.n_diff))

    def added(self, other: IndexCounts) -> IndexCounts:
        """Both together, as parts of one index."""
        keys = sorted({*self.n_diff, *other.n_diff})
        return IndexCounts(
            {key: self.n_diff.get(key, 0) + other.n_diff.get(key, 0) for key in keys},
            {key: _sum(self.sampled.get(key), other.sampled.get(key)) for key in keys},
            self.columns or other.columns,
            _sum(self.leaf_pages, other.leaf_pages),
            _sum(self.pages, other.pages),
        )


@dataclass(frozen=True)
class InnodbStatistics:
    """All that was found. Names are as in ``information_schema``."""

    tables: Mapping[Place, TableCounts]
    indexes: Mapping[Place, Mapping[str, IndexCounts]]

    @cached_property
    def _places(self) -> dict[QualifiedName, list[Place]]:
        found: dict[QualifiedName, list[Place]] = defaultdict(list)
        for place in dict.fromkeys((*self.tables, *self.indexes)):
            found[place.table].append(place)
        return found

    def places(self, table: QualifiedName) -> list[Place]:
        """The table itself, or its partitions; none where it has no persistent statistics."""
        return self._places.get(table, [])


def read_innodb_statistics(catalog: Catalog, schemas: Sequence[str]) -> InnodbStatistics:
    """Statistics of all tables in these databases. Where they may not be read: none, and a limit."""
    wanted = placeholders(schemas)
    tables = catalog.rows(TABLE_STATS.format(schemas=wanted), WHAT, schemas, advice=ADVICE)
    rows = catalog.rows(INDEX_STATS.format(schemas=wanted), WHAT, schemas, advice=ADVICE)
    indexes: dict[Place, dict[str, IndexCounts]] = defaultdict(dict)
    for row in rows:
        _take(indexes[place_of(row["schema"], row["name"])].setdefault(row["index"], IndexCounts()), row)
    return InnodbStatistics(
        {
            place_of(row["schema"], row["name"]): TableCounts(
                int(row["n_rows"]), int(row["clustered"]), int(row["other"]), moment(row["last_update"])
            )
            for row in tables
        },
        indexes,
    )


def _take(counts: IndexCounts, row: Row) -> None:
    value = int(row["value"])
    position = _N_DIFF.match(row["stat"])
    if position:
        at = int(position[1])
        counts.n_diff[at] = value
        counts.sampled[at] = None if row["sample"] is None else int(row["sample"])
        if at == max(counts.n_diff):
            counts.columns = tuple(row["description"].split(","))
    elif row["stat"] == "n_leaf_pages":
        counts.leaf_pages = value
    elif row["stat"] == "size":
        counts.pages = value


def place_of(schema: str, name: str) -> Place:
    """``orders#p#p2024#sp#s1`` is a subpartition. The parts' names come in lower case from MySQL 8 on."""
    table, *rest = _PARTITION.split(_decoded(name), maxsplit=1)
    partition, *sub = _SUBPARTITION.split(rest[0], maxsplit=1) if rest else ("",)
    return Place(QualifiedName(_decoded(schema), table), partition.lower(), (sub[0] if sub else "").lower())


def _decoded(name: str) -> str:
    """InnoDB itself writes ``@0023`` for what cannot stand in a file's name; most versions decode it here."""
    return _ENCODED.sub(lambda hit: chr(int(hit[1], 16)), name) if "@" in name else name


def _sum(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
