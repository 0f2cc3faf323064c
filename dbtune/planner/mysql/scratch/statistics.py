"""InnoDB's persistent statistics and MySQL's histograms, put on the scratch server as production has them.

The optimiser reads them when a table is opened, hence the FLUSH TABLE after they were put in.
Source: MySQL manual, "Configuring Persistent Optimizer Statistics Parameters", "Histogram Statistics Analysis".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_histograms import mysql_json
from dbtune.ddl.mysql_quoting import identifier, literal, qualified
from dbtune.model.mysql import IndexPartition, Partition
from dbtune.model.schema import Table
from dbtune.model.workload import Limit

_PARTITION = re.compile(r"#p#", re.IGNORECASE)
_SUBPARTITION = re.compile(r"#sp#", re.IGNORECASE)


@dataclass(frozen=True)
class IndexFigures:
    """What the optimiser counts with: distinct values of the first 1, 2, ... columns, and pages."""

    n_diff: tuple[float, ...]
    leaf_pages: float
    pages: float


def believed_rows(table: Table) -> float:
    """Rows as InnoDB's statistics have them, else as information_schema has."""
    mysql = table.mysql
    if mysql is not None and mysql.statistics_rows is not None:
        return float(mysql.statistics_rows)
    return max(0.0, table.tuples)


class Statistics(Protocol):
    """Puts production's statistics in, and those that what-if indexes would have."""

    def put(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """All of the table's, and those of its what-if indexes ``new`` by name. CREATE INDEX may have undone them."""

    def put_indexes(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """Those of the what-if indexes alone."""


class InnodbStatistics:
    """Those of MySQL."""

    def __init__(self, session: MySQLSession, page_bytes: int) -> None:
        self._session = session
        self._page_bytes = page_bytes

    def put(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """All of the table's, and those of its what-if indexes ``new`` by name."""
        places = list(self._places(table))
        if not places:  # an index on an expression, built or dropped, has removed them all (tried on MySQL 9.7)
            self._session.rows(f"ANALYZE TABLE {qualified(table.name)}")
            places = list(self._places(table))
        for place, partition in places:
            rows = self._table(table, place, partition)
            share = 1.0 if partition is None else rows / max(1.0, believed_rows(table))
            self._indexes(table, place, partition, new, rows, share)
        self._session.run(f"FLUSH TABLE {qualified(table.name)}")

    def put_indexes(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """See ``Statistics.put_indexes``."""
        for place, partition in self._places(table):
            if partition is None:
                rows, share = believed_rows(table), 1.0
            else:
                rows = float(partition.rows if partition.statistics_rows is None else partition.statistics_rows)
                share = rows / max(1.0, believed_rows(table))
            for name, figures in new.items():
                own = figures if partition is None else _part_of(figures, rows, share)
                for number, value in enumerate(own.n_diff, start=1):
                    self._put_value(table, place, name, f"n_diff_pfx{number:02d}", value)
        self._session.run(f"FLUSH TABLE {qualified(table.name)}")

    def _put_value(self, table: Table, place: str, index: str, stat: str, value: float) -> None:
        self._session.run(
            "UPDATE mysql.innodb_index_stats SET stat_value = %s"
            " WHERE database_name = %s AND table_name = %s AND index_name = %s AND stat_name = %s",
            (max(0, round(value)), table.name.schema, place, index, stat),
        )

    def _places(self, table: Table) -> Iterator[tuple[str, Partition | None]]:
        """Names in the statistics tables: the table's own, or one for each partition."""
        rows = self._session.rows(
            "SELECT table_name AS n FROM mysql.innodb_table_stats WHERE database_name = %s"
            " AND (table_name = %s OR table_name LIKE %s)",
            (table.name.schema, table.name.name, table.name.name.replace("_", r"\_") + "#%"),
        )
        partitions = table.mysql.partitioning.partitions if table.mysql and table.mysql.partitioning else ()
        by_name = {(p.name.lower(), (p.subpartition or "").lower()): p for p in partitions}
        for row in rows:
            place = str(row["n"])
            if place == table.name.name:
                yield place, None
                continue
            _, _, rest = place.partition("#")
            first, *sub = _SUBPARTITION.split(_PARTITION.sub("", "#" + rest, count=1))
            found = by_name.get((first.lower(), sub[0].lower() if sub else ""))
            if found is not None:
                yield place, found

    def _table(self, table: Table, place: str, partition: Partition | None) -> float:
        if partition is not None:
            rows = float(partition.rows if partition.statistics_rows is None else partition.statistics_rows)
            clustered = partition.clustered_pages or partition.data_bytes // self._page_bytes
            other = partition.other_pages or partition.index_bytes // self._page_bytes
        else:
            mysql = table.mysql
            rows = believed_rows(table)
            clustered = (mysql and mysql.clustered_pages) or (mysql.data_bytes if mysql else 0) // self._page_bytes
            other = (mysql and mysql.other_pages) or (mysql.index_bytes if mysql else 0) // self._page_bytes
        self._session.run(
            "UPDATE mysql.innodb_table_stats SET n_rows = %s, clustered_index_size = %s, sum_of_other_index_sizes = %s"
            " WHERE database_name = %s AND table_name = %s",
            (round(rows), max(1, clustered), other, table.name.schema, place),
        )
        return rows

    def _indexes(
        self,
        table: Table,
        place: str,
        partition: Partition | None,
        new: Mapping[str, IndexFigures],
        rows: float,
        share: float,
    ) -> None:
        if partition is None:
            existing = figures_of(table)
        else:
            existing = {part.index: _figures(part) for part in partition.indexes if part.n_diff}
        found = self._session.rows(
            "SELECT index_name AS i, stat_name AS s FROM mysql.innodb_index_stats"
            " WHERE database_name = %s AND table_name = %s",
            (table.name.schema, place),
        )
        for row in found:
            name, stat = str(row["i"]), str(row["s"])
            figures = existing.get(name)
            if figures is None:
                figures = new.get(name)
                if figures is None:
                    continue
                if partition is not None:
                    figures = _part_of(figures, rows, share)
            self._put_value(table, place, name, stat, _value(figures, stat, rows))


def _figures(part: IndexPartition) -> IndexFigures:
    return IndexFigures(tuple(map(float, part.n_diff)), float(part.leaf_pages or 1), float(part.pages or 1))


def _part_of(figures: IndexFigures, rows: float, share: float) -> IndexFigures:
    """Of a partition with ``rows`` rows drawn at random: of D values, those that are met at least once."""
    met = tuple(d * (1 - (1 - 1 / d) ** rows) if d > 1 else d for d in figures.n_diff)
    return IndexFigures(met, max(1.0, figures.leaf_pages * share), max(1.0, figures.pages * share))


def figures_of(table: Table) -> dict[str, IndexFigures]:
    """What InnoDB has counted of the table's indexes, by name."""
    return {
        index.name: IndexFigures(tuple(map(float, mysql.n_diff)), float(mysql.leaf_pages or 1), float(mysql.pages or 1))
        for index in table.indexes
        if index.facts is not None and (mysql := index.facts.mysql) is not None and mysql.n_diff
    }


def _value(figures: IndexFigures, stat: str, rows: float) -> float:
    if stat == "size":
        return figures.pages
    if stat == "n_leaf_pages":
        return figures.leaf_pages
    place = int(stat.removeprefix("n_diff_pfx"))
    return figures.n_diff[place - 1] if place <= len(figures.n_diff) else rows


def put_histograms(session: MySQLSession, tables: Sequence[Table]) -> list[Limit]:
    """Those of MySQL, which stay until they are replaced."""
    if not any(column.mysql and column.mysql.histogram for table in tables for column in table.columns):
        return []
    if not session.version.has(MySQLAbility.GIVEN_HISTOGRAMS):
        return [Limit("histograms", f"{session.version.name} takes none from outside: they are left out")]
    return list(_put_histograms(session, tables))


def _put_histograms(session: MySQLSession, tables: Sequence[Table]) -> Iterator[Limit]:
    for table in tables:
        for column in table.columns:
            histogram = column.mysql.histogram if column.mysql else None
            if histogram is None:
                continue
            statement = (
                f"ANALYZE TABLE {qualified(table.name)} UPDATE HISTOGRAM ON {identifier(column.name)} USING DATA "
            )
            try:
                rows = session.rows(statement + literal(mysql_json(histogram)))
            except MySQLError as error:
                yield Limit(
                    f"histogram of {table.name}.{column.name}", f"not on the scratch server: {first_line(error)}"
                )
                continue
            refused = [str(row["Msg_text"]) for row in rows if str(row["Msg_type"]).lower() == "error"]
            if refused:
                yield Limit(f"histogram of {table.name}.{column.name}", f"not on the scratch server: {refused[0]}")
