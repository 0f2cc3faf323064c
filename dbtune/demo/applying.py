"""Carrying out the advice on the demo's own server, statement by statement as the report prints it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from dbtune.model.progress import Progress
from dbtune.model.recommendation import Report


@dataclass(frozen=True)
class Failure:
    """A statement of the advice that the server refused, and its words."""

    sql: str
    reason: str


@dataclass(frozen=True)
class Built:
    """A new index: its size as predicted and as built, in bytes."""

    index: str
    predicted: int
    built: int


def apply_advice(url: str, report: Report, progress: Progress) -> tuple[Failure, ...]:
    """Run every ``sql.up`` in the report's order; go on where one fails."""
    failures: list[Failure] = []
    with psycopg.connect(url, autocommit=True) as connection:
        for number, recommendation in enumerate(report.recommendations):
            progress.step("applying the advice", number, len(report.recommendations))
            for sql in recommendation.sql.up:
                try:
                    connection.execute(sql.encode())
                except psycopg.Error as error:
                    failures.append(Failure(sql, (error.diag.message_primary or str(error)).splitlines()[0]))
                    break
    return tuple(failures)


def built_sizes(url: str, report: Report) -> tuple[Built, ...]:
    """Every new index of the report that is there now."""
    predicted = {
        recommendation.object.index: recommendation.evidence.bytes
        for recommendation in report.recommendations
        if recommendation.rule == "index.missing" and recommendation.object.index is not None
    }
    with psycopg.connect(url) as connection:
        sizes: Mapping[str, int] = dict(
            connection.execute(
                "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'i' AND relname = ANY (%s)",
                [list(predicted)],
            ).fetchall()
        )
    return tuple(Built(name, predicted[name] or 0, sizes[name]) for name in predicted if name in sizes)
