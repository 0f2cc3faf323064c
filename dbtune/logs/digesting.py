"""Logs in, a digest out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dbtune.logs.cutting import pieces_of
from dbtune.logs.executors.base import Executor
from dbtune.logs.finishing import finish
from dbtune.logs.pieces import Piece
from dbtune.logs.reading import Filters, PieceReader, PieceResult
from dbtune.logs.registry import LayoutOptions, NoLog, Recognised, recognise
from dbtune.logs.sources import LogFile, find_logs
from dbtune.logs.tally import Tally
from dbtune.logs.twins import twins
from dbtune.model.digest import Digest, LogSource, SkippedPart
from dbtune.model.errors import UsageError
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Limit

NAMED = 3
"""Files that are named where none of many is a log."""


@dataclass(frozen=True)
class DigestOptions:
    """What to read of the logs, and how. Times are seconds since the epoch."""

    log_format: str | None = None
    log_line_prefix: str | None = None
    since: float | None = None
    until: float | None = None
    users: tuple[str, ...] = ()
    databases: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    own_database: str | None = None
    """Leave out statements that are known to be of other databases than this."""
    match: str | None = None
    samples: int = 0
    """Executions with their literals to keep of each statement."""

    @property
    def filters(self) -> Filters:
        return Filters(self.since, self.until, self.users, self.databases, self.hosts, self.own_database, self.match)


@dataclass
class _Log:
    """A log while it is read."""

    file: LogFile
    recognised: Recognised
    bytes: int = 0
    events: int = 0
    skipped: Counter[str] = field(default_factory=Counter)

    def source(self) -> LogSource:
        wrapper = self.recognised.wrapper
        return LogSource(
            name=self.file.name,
            format=self.recognised.format.name,
            wrapper=None if wrapper is None else wrapper.name,
            compression=self.file.compression,
            bytes=self.bytes,
            events=self.events,
            skipped=tuple(SkippedPart(reason, count) for reason, count in sorted(self.skipped.items())),
        )


def digest(names: Sequence[str], options: DigestOptions, executor: Executor, progress: Progress) -> Digest:
    """What the logs of these names say: files, patterns, folders, ``-``.

    Raises UsageError where there is no log among them, where they are of both Postgres and MySQL, or the expression to
    match is none.
    """
    _check_expression(options.match)
    files, limits = find_logs(names)
    logs, refused = _recognised(files, options)
    dialect = _dialect(logs)
    reader = PieceReader(dialect, options.filters, options.samples)
    tally = Tally(dialect, options.samples)
    total = sum(log.file.size or 0 for log in logs) or None
    read = 0
    for result in _results(logs, reader, executor):
        log = logs[result.source]
        log.bytes += result.bytes
        log.events += result.events
        log.skipped.update(result.skipped)
        tally.merge(result.tally)
        read += result.bytes
        progress.step(f"reading {log.file.name}", read if total else None, total)
    tally.settle()
    finished = finish(tally, dialect, options.samples)
    return Digest(
        dialect=dialect,
        sources=tuple(log.source() for log in logs),
        calls=finished.calls,
        total_ms=finished.total_ms,
        errors=finished.errors,
        first_seen=finished.first_seen,
        last_seen=finished.last_seen,
        slot_seconds=finished.slot_seconds,
        timeline=finished.timeline,
        statements=finished.statements,
        others=finished.others,
        incidents=finished.incidents,
        limits=(*limits, *refused),
    )


def _check_expression(match: str | None) -> None:
    if match is not None:
        try:
            re.compile(match.encode())
        except re.error as error:
            raise UsageError(f"--match {match!r} is no regular expression: {error}") from None


def _recognised(files: Sequence[LogFile], options: DigestOptions) -> tuple[list[_Log], list[Limit]]:
    """The logs whose format is known, and what was said of the others. Raises UsageError where all are refused."""
    logs: list[_Log] = []
    refused: list[Limit] = []
    layout = LayoutOptions(options.log_line_prefix)
    for file in files:
        try:
            logs.append(_Log(file, recognise(file.head(), file.name, layout, options.log_format)))
        except NoLog as error:
            if len(files) == 1:
                raise
            refused.append(Limit(file.name, error.reason))
    again = twins([(log.file, log.recognised) for log in logs])
    refused += [Limit(name, f"has the same events as {other}, which was read") for name, other in again.items()]
    logs = [log for log in logs if log.file.name not in again]
    if not logs:
        named = ", ".join(f"{limit.what} {limit.why}" for limit in refused[:NAMED])
        more = f", and {len(refused) - NAMED:,} more" if len(refused) > NAMED else ""
        raise UsageError(f"there is no log among {len(refused):,} files: {named}{more}")
    return logs, refused


def _dialect(logs: Sequence[_Log]) -> Dialect:
    found: dict[Dialect, str] = {}
    for log in logs:
        dialect = log.recognised.format.dialect
        if dialect is not None:
            found.setdefault("postgres" if dialect == "postgres" else "mysql", log.file.name)
    if len(found) > 1:
        one, other = found.items()
        raise UsageError(f"{one[1]} is a log of {one[0]}, {other[1]} one of {other[0]}; read them one at a time")
    return next(iter(found), "postgres")


def _results(logs: Sequence[_Log], reader: PieceReader, executor: Executor) -> Iterator[PieceResult]:
    """The results of all pieces in the order of the logs; standard input and pipes are read here."""
    waiting: list[Piece] = []
    for number, log in enumerate(logs):
        pieces = pieces_of(log.file, log.recognised, number)
        stream = log.file.stream()
        if stream is None:
            waiting += pieces
            continue
        yield from executor.map(reader, waiting)
        waiting = []
        for piece in pieces:
            yield reader.read(piece, stream)
    yield from executor.map(reader, waiting)
