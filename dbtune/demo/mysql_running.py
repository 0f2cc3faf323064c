"""The workload run, and the advice carried out, on a MySQL or MariaDB server: as ``measuring`` and ``applying`` for
Postgres."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from pymysql.err import MySQLError

from dbtune.connect.mysql import TIMED_OUT, MySQLSession, writing_session
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.demo.applying import Built, Failure, applied, built_of
from dbtune.demo.measuring import ENOUGH_SECONDS, MOST_RUNS, Measured
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report
from dbtune.model.workload import Workload

LIMIT_SECONDS = 60
LONG_MS = 10_000.0
"""A statement that takes longer is run once: what it reads first from disk is lost in that."""

INDEX_SIZES = """
    SELECT index_name AS name, SUM(stat_value) * @@innodb_page_size AS bytes
    FROM mysql.innodb_index_stats WHERE database_name = DATABASE() AND stat_name = 'size' GROUP BY index_name
"""


def measure(url: DatabaseUrl, workload: Workload, progress: Progress, text: str) -> Mapping[str, Measured]:
    """By fingerprint, the time of each statement's first sample. Nothing that it writes is kept.

    One that takes longer than LIMIT_SECONDS is ended then, and counted as if it had taken so long.
    """
    measured: dict[str, Measured] = {}
    with writing_session(url) as session:
        session.limit_time(LIMIT_SECONDS * 1000)
        for number, statement in enumerate(workload.statements):
            progress.step(text, number, len(workload.statements))
            sql = statement.samples[0] if statement.samples else statement.text
            measured[statement.fingerprint] = _measure(session, sql)
    return measured


def _measure(session: MySQLSession, sql: str) -> Measured:
    times: list[float] = []
    try:
        first = _run(session, sql)  # brings pages into memory
        if first > LONG_MS:
            return Measured(first, 1)
        while len(times) < MOST_RUNS and sum(times) < ENOUGH_SECONDS * 1000:
            times.append(_run(session, sql))
    except MySQLError as error:
        if not session.is_lost:
            session.run("ROLLBACK")
        if code_of(error) in TIMED_OUT:
            return Measured(LIMIT_SECONDS * 1000.0, 1)
        return Measured(0.0, 0, first_line(error))
    return Measured(statistics.median(times), len(times))


def _run(session: MySQLSession, sql: str) -> float:
    """Milliseconds until the last row is here."""
    session.run("START TRANSACTION")
    started = time.perf_counter()
    session.rows(sql)
    passed = time.perf_counter() - started
    session.run("ROLLBACK")
    return passed * 1000


def apply_advice(url: DatabaseUrl, report: Report, progress: Progress) -> tuple[Failure, ...]:
    """Run every ``sql.up`` in the report's order; go on where one fails."""
    with writing_session(url) as session:

        def refusal(sql: str) -> str | None:
            try:
                session.run(sql)
            except MySQLError as error:
                return first_line(error)
            return None

        return applied(report, refusal, progress)


def built_sizes(url: DatabaseUrl, report: Report) -> tuple[Built, ...]:
    """Every new index of the report that is there now."""
    with writing_session(url) as session:
        sizes = {str(row["name"]): int(row["bytes"]) for row in session.rows(INDEX_SIZES)}
    return built_of(report, sizes)
