"""Carrying out the advice on the demo's own server, statement by statement as the report prints it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import psycopg

from dbtune.connect.refusals import first_line
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
    with psycopg.connect(url, autocommit=True) as connection:

        def refusal(sql: str) -> str | None:
            try:
                connection.execute(sql.encode())
            except psycopg.Error as error:
                return first_line(error)
            return None

        return applied(report, refusal, progress)


def applied(report: Report, refusal: Callable[[str], str | None], progress: Progress) -> tuple[Failure, ...]:
    """``refusal`` runs a statement, and gives the server's words where it does not do it: the rest of that
    recommendation is left out then."""
    failures: list[Failure] = []
    for number, recommendation in enumerate(report.recommendations):
        progress.step("applying the advice", number, len(report.recommendations))
        for sql in recommendation.sql.up:
            reason = refusal(sql)
            if reason is not None:
                failures.append(Failure(sql, reason))
                break
    return tuple(failures)


def built_sizes(url: str, report: Report) -> tuple[Built, ...]:
    """Every new index of the report that is there now."""
    with psycopg.connect(url) as connection:
        sizes: Mapping[str, int] = dict(
            connection.execute(
                "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'i' AND relname = ANY (%s)",
                [list(predicted_sizes(report))],
            ).fetchall()
        )
    return built_of(report, sizes)


def built_of(report: Report, sizes: Mapping[str, int]) -> tuple[Built, ...]:
    """The report's new indexes among those whose sizes were read."""
    return tuple(
        Built(name, predicted, sizes[name]) for name, predicted in predicted_sizes(report).items() if name in sizes
    )


def predicted_sizes(report: Report) -> Mapping[str, int]:
    """Bytes of each new index, as the report says; 0 where it does not."""
    return {
        recommendation.object.index: recommendation.evidence.bytes or 0
        for recommendation in report.recommendations
        if recommendation.rule == "index.missing" and recommendation.object.index is not None
    }
