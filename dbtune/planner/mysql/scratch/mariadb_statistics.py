"""MariaDB's engine-independent statistics, put on the scratch server in place of InnoDB's.

MariaDB reads InnoDB's statistics tables once, when InnoDB first loads a table, and every ALTER TABLE counts anew. What
stays as it is put, and goes before InnoDB's figures, are ``table_stats`` (rows) and ``index_stats`` (rows per value).
So InnoDB's figures of production are put there where production has none of these. Not put are pages: they are a small
part of MariaDB's costs. One row a statement: MariaDB refuses to copy between statistics tables (1428).

Source: MariaDB documentation, "Engine-Independent Table Statistics"; ``sql/sql_statistics.cc``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_histograms import mariadb_bytes
from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.schema import Column, Index, Table
from dbtune.planner.mysql.scratch.statistics import IndexFigures, believed_rows, figures_of

LEAST_FREQUENCY = 0.51
"""At 0.5 rows per value and below, the optimiser takes the figure for none."""


class MariadbStatistics:
    """See ``Statistics``."""

    def __init__(self, session: MySQLSession, *, used: bool) -> None:
        """``used``: whether production's optimiser goes by these statistics (``use_stat_tables``)."""
        self._session = session
        self._used = used
        # InnoDB 10 halves rows per value for the optimiser: it likes indexes better than the mean deserves
        self._share = 1.0 if session.version.has(MySQLAbility.WHOLE_FREQUENCIES) else 0.5

    def put(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """See ``Statistics.put``."""
        place = (table.name.schema, table.name.name)
        counted = table.mysql.cardinality if self._used and table.mysql is not None else None
        rows = float(counted) if counted is not None else believed_rows(table)
        self._session.run(
            "REPLACE INTO mysql.table_stats (db_name, table_name, cardinality) VALUES (%s, %s, %s)",
            (*place, round(rows)),
        )
        if self._used:
            for column in table.columns:
                self._put_column(place, column)
        known = {**figures_of(table), **new}
        for name, figures in known.items():
            index = table.index(name)
            for arity, frequency in enumerate(self._frequencies(index, figures, rows), start=1):
                self._session.run(
                    "REPLACE INTO mysql.index_stats (db_name, table_name, index_name, prefix_arity, avg_frequency)"
                    " VALUES (%s, %s, %s, %s, %s)",
                    (*place, name, arity, max(LEAST_FREQUENCY, frequency)),
                )
        self._session.run(f"FLUSH TABLE {qualified(table.name)}")

    def put_indexes(self, table: Table, new: Mapping[str, IndexFigures]) -> None:
        """See ``Statistics.put_indexes``: here an index that is not used has no say, so there is nothing to do."""

    def _frequencies(self, index: Index | None, figures: IndexFigures, rows: float) -> Sequence[float]:
        """Rows per value of the first 1, 2, ... columns of the index."""
        mysql = index.facts.mysql if index is not None and index.facts is not None else None
        if self._used and mysql is not None and mysql.average_frequencies:
            return mysql.average_frequencies
        keys = len(index.keys) if index is not None else len(figures.n_diff)
        return [max(1.0, rows / max(1.0, value) * self._share) for value in figures.n_diff[:keys]]

    def _put_column(self, place: tuple[str, str], column: Column) -> None:
        mysql = column.mysql
        if mysql is None or mysql.average_frequency is None:
            return
        histogram = mysql.histogram
        shared = column.statistics
        self._session.run(
            "REPLACE INTO mysql.column_stats (db_name, table_name, column_name, min_value, max_value, nulls_ratio,"
            " avg_length, avg_frequency, hist_size, hist_type, histogram)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                *place,
                column.name,
                mysql.minimum,
                mysql.maximum,
                shared.null_frac if shared is not None else 0.0,
                shared.avg_width if shared is not None else 0,
                mysql.average_frequency,
                None if histogram is None else len(histogram.positions) or min(255, len(histogram.buckets)),
                None if histogram is None else histogram.kind,
                None if histogram is None else mariadb_bytes(histogram),
            ),
        )
