"""Running a workload for real: each statement warm, several times, in a transaction that is rolled back."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.model.progress import Progress
from dbtune.model.workload import Workload

MOST_RUNS = 7
ENOUGH_SECONDS = 0.6
"""A statement is run again until it ran ``MOST_RUNS`` times or this long in all."""

STATEMENT_TIMEOUT = "60s"


@dataclass(frozen=True)
class Measured:
    """A statement's time: the median of its runs in ms, seen from the client; or why it failed."""

    ms: float
    runs: int
    error: str | None = None


def measure(url: str, workload: Workload, progress: Progress, text: str) -> Mapping[str, Measured]:
    """By fingerprint, the time of each statement's first sample. Nothing that it writes is kept."""
    measured: dict[str, Measured] = {}
    with psycopg.connect(url) as connection:
        connection.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'".encode())
        connection.commit()
        for number, statement in enumerate(workload.statements):
            progress.step(text, number, len(workload.statements))
            sql = statement.samples[0] if statement.samples else statement.text
            measured[statement.fingerprint] = _measure(connection, sql)
    return measured


def _measure(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> Measured:
    times: list[float] = []
    try:
        _run(connection, sql)  # brings pages and catalog entries into memory
        while len(times) < MOST_RUNS and sum(times) < ENOUGH_SECONDS * 1000:
            times.append(_run(connection, sql))
    except psycopg.Error as error:
        connection.rollback()
        return Measured(0.0, 0, first_line(error))
    return Measured(statistics.median(times), len(times))


def _run(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> float:
    """Milliseconds until the last row is here."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(sql.encode())
        if cursor.description is not None:
            cursor.fetchall()
    passed = time.perf_counter() - started
    connection.rollback()
    return passed * 1000
