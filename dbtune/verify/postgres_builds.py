"""What a report builds: found in its SQL, built on the copy, and dropped again whatever happens."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg

from dbtune.connect.refusals import first_line
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Recommendation, Report
from dbtune.model.verification import BuiltObject

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_INDEX = re.compile(
    rf"CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?(?P<name>{_NAME}) ON (?:ONLY )?"
    rf"(?P<schema>{_NAME})\.{_NAME}"
)
_STATISTICS = re.compile(rf"CREATE STATISTICS (?:IF NOT EXISTS )?(?P<schema>{_NAME})\.(?P<name>{_NAME})")
_CONCURRENTLY = re.compile(r"^((?:CREATE (?:UNIQUE )?|DROP )INDEX) CONCURRENTLY\b")
_DROPPED = re.compile(rf"^DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?(?P<name>{_NAME}\.{_NAME})")

Connection = psycopg.Connection[tuple[object, ...]]

SIZE = """
    SELECT coalesce(sum(pg_catalog.pg_relation_size(leaf.relid)), 0)::bigint
    FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass(%(name)s)) AS leaf
"""
SIZE_ALONE = "SELECT pg_catalog.pg_relation_size(pg_catalog.to_regclass(%(name)s))"


@dataclass(frozen=True)
class Made:
    """An index or a statistics object that a recommendation makes. ``name`` is qualified and quoted."""

    kind: str
    name: str

    @property
    def drop(self) -> str:
        return f"DROP {self.kind} IF EXISTS {self.name}"


@dataclass(frozen=True)
class Build:
    """A recommendation that builds something."""

    recommendation: Recommendation
    statements: tuple[str, ...]
    made: tuple[Made, ...]


def builds_of(report: Report) -> tuple[Build, ...]:
    """What the report builds, in its order; concurrent builds become plain ones, which a copy can stand."""
    return tuple(build for one in report.recommendations if (build := _build(one)) is not None)


def drops_of(report: Report) -> tuple[str, ...]:
    """The statements by which the report drops existing indexes, in a form that a transaction can take back."""
    statements = (sql for one in report.recommendations for sql in one.sql.up if _DROPPED.match(sql))
    return tuple(f"DROP INDEX IF EXISTS {match['name']}" for sql in statements if (match := _DROPPED.match(sql)))


def _build(recommendation: Recommendation) -> Build | None:
    if recommendation.sql.phases:  # a table is not converted in passing
        return None
    made = tuple(one for sql in recommendation.sql.up for one in _made(sql))
    if not made:
        return None
    return Build(recommendation, tuple(_CONCURRENTLY.sub(r"\1", sql) for sql in recommendation.sql.up), made)


def _made(sql: str) -> Iterator[Made]:
    for kind, pattern in (("INDEX", _INDEX), ("STATISTICS", _STATISTICS)):
        match = pattern.match(sql)
        if match is not None:
            yield Made(kind, f"{match['schema']}.{match['name']}")


def existing(connection: Connection, builds: Sequence[Build]) -> tuple[str, ...]:
    """Names among those to be made that are taken."""
    names = [one.name for build in builds for one in build.made if one.kind == "INDEX"]
    rows = connection.execute(
        "SELECT name FROM pg_catalog.unnest(%s::text[]) AS name WHERE pg_catalog.to_regclass(name) IS NOT NULL", [names]
    ).fetchall()
    statistics = [one.name for build in builds for one in build.made if one.kind == "STATISTICS"]
    known = connection.execute(
        "SELECT name FROM pg_catalog.unnest(%s::text[]) AS name WHERE name IN (SELECT pg_catalog.quote_ident(n.nspname)"
        " || '.' || pg_catalog.quote_ident(s.stxname) FROM pg_catalog.pg_statistic_ext s"
        " JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace)",
        [statistics],
    ).fetchall()
    return tuple(str(name) for (name,) in [*rows, *known])


class Workshop:
    """Builds, remembers what it began to build, and drops it."""

    def __init__(self) -> None:
        self.begun: list[Made] = []

    def build(self, connection: Connection, builds: Sequence[Build], progress: Progress) -> tuple[BuiltObject, ...]:
        """Everything, one after the other; what the server refuses is taken back and told with its reason."""
        return tuple(self._one(connection, build, number, len(builds), progress) for number, build in enumerate(builds))

    def _one(self, connection: Connection, build: Build, number: int, total: int, progress: Progress) -> BuiltObject:
        first = build.made[0]
        progress.step(f"building {first.name}", number, total)
        # before the build, not after it: a session that is lost meanwhile may have finished it
        self.begun += build.made
        started = time.perf_counter()
        try:
            for sql in build.statements:
                connection.execute(sql.encode())
        except psycopg.Error as error:
            if connection.broken or connection.closed:
                raise
            drop_all(connection, build.made)
            self.begun = [one for one in self.begun if one not in build.made]
            return BuiltObject(first.name, build.recommendation.evidence.bytes, None, 0.0, first_line(error))
        seconds = time.perf_counter() - started
        size = _size(connection, first.name) if first.kind == "INDEX" else None
        return BuiltObject(first.name, build.recommendation.evidence.bytes, size, seconds)


def drop_all(connection: Connection, made: Sequence[Made]) -> list[str]:
    """Drop what was made, wholes before their parts; returns the statements that the server refused."""
    refused = []
    for one in made:
        try:
            connection.execute(one.drop.encode())
        except psycopg.Error:
            if connection.broken or connection.closed:
                raise
            refused.append(one.drop)
    return refused


def _size(connection: Connection, name: str) -> int:
    row = connection.execute(SIZE, {"name": name}).fetchone()
    size = row[0] if row is not None else None
    if not size:  # pg_partition_tree gives nothing for an index of a plain table
        row = connection.execute(SIZE_ALONE, {"name": name}).fetchone()
        size = row[0] if row is not None else None
    return int(str(size or 0))
