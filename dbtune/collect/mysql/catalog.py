"""One read-only session in which each catalog query may fail on its own and becomes a limit."""

from __future__ import annotations

from collections.abc import Sequence

import pymysql

from dbtune.collect.limits import NotedLimits
from dbtune.connect.mysql import MySQLSession, Row
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.model.errors import ConnectionFailed

__all__ = ["Catalog", "Row", "explain"]

SESSION_SETTINGS = (
    # the catalogs' own text, whatever the server's mode makes of quotes and backslashes
    "SET SESSION sql_mode = ''",
    "SET SESSION time_zone = '+00:00'",
)
FRESH_STATISTICS = "SET SESSION information_schema_stats_expiry = 0"

PERMISSION_DENIED = frozenset({1044, 1142, 1143, 1227, 1370, 3057})
TIMED_OUT = frozenset({1317, 1969, 3024})
LOCKED = frozenset({1205, 1213, 3572})
ABSENT = frozenset({1054, 1049, 1109, 1146, 1193})
"""No such column, database, table or variable."""


class Catalog(NotedLimits):
    """Runs the queries, each a transaction of its own whose locks go at once."""

    def __init__(self, session: MySQLSession) -> None:
        super().__init__()
        self._session = session
        self.version = session.version
        self.database = session.database
        self.sql_mode = str(session.rows("SELECT @@GLOBAL.sql_mode AS mode")[0]["mode"])
        for statement in SESSION_SETTINGS:
            session.run(statement)
        if self.version.has(MySQLAbility.STATISTICS_EXPIRY):
            session.run(FRESH_STATISTICS)

    def rows(
        self,
        query: str,
        what: str,
        parameters: Sequence[object] | None = None,
        *,
        advice: str = "",
        required: bool = False,
    ) -> list[Row]:
        """All rows of the query; none, and one limit about ``what``, where it fails.

        ``advice`` says what to grant. Raises ConnectionFailed where the query is ``required`` or the session is lost.
        """
        try:
            return self._session.rows(query, parameters)
        except (pymysql.err.Error, UnicodeDecodeError) as error:
            if self._session.is_lost:
                raise
            if required:
                raise ConnectionFailed(f"the catalog cannot be read ({what}): {explain(error)}") from error
            self.limit(what, f"{explain(error)}; {advice}" if advice else explain(error))
            return []

    def probe(self, query: str, parameters: Sequence[object] | None = None) -> list[Row] | None:
        """All rows of the query; None, and no limit, where it fails: there is another way, or nothing is missed."""
        try:
            return self._session.rows(query, parameters)
        except (pymysql.err.Error, UnicodeDecodeError):
            if self._session.is_lost:
                raise
            return None


def explain(error: Exception) -> str:
    """A server's error in a few words."""
    code = code_of(error)
    if code in PERMISSION_DENIED:
        return "permission denied"
    if code in TIMED_OUT:
        return "it took longer than the statement timeout (--statement-timeout raises it)"
    if code in LOCKED:
        return "a lock was held on it for too long"
    return first_line(error)


def placeholders(values: Sequence[object]) -> str:
    """``%s, %s, %s`` for a list that is not empty; NULL, which equals nothing, for an empty one."""
    return ", ".join(["%s"] * len(values)) or "NULL"
