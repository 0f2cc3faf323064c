"""From a report to migrations: which recommendations become some, in which order, with what around their statements."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from dbtune.ddl import mysql_session
from dbtune.ddl.mysql_quoting import in_default_database
from dbtune.migrate import postgres
from dbtune.migrate.migration import Migration, Step, Way
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Change, Phase, Recommendation, Report

LONGEST_NAME = 72
"""Characters; a verb and the longest name of an index."""
_OF_ONE_SERVER = re.compile(r"(?:SET|ANALYZE|REINDEX|OPTIMIZE|ALTER SYSTEM)\b", re.IGNORECASE)
_STOPS_WRITERS = re.compile(r", LOCK=(?:SHARED|EXCLUSIVE)\Z")
_ALTERED_INDEX = re.compile(
    r"ALTER TABLE .*? (ADD|DROP) (?:UNIQUE |FULLTEXT |SPATIAL )?(?:INDEX|KEY) ", re.DOTALL | re.IGNORECASE
)
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Plan:
    """What of a report becomes migrations, and what does not."""

    migrations: tuple[Migration, ...]
    without_sql: int
    """Advice that holds no statement."""
    of_one_server: tuple[Recommendation, ...]
    """Work on one server that changes no schema (ANALYZE, REINDEX, a setting, a leftover dropped): left out unless
    named."""


def plan(report: Report, only: Sequence[str] = ()) -> Plan:
    """The report's migrations in its order. ``only``: ids of recommendations, or the first characters of one.

    Raises UsageError where an id is none, or nothing is left to migrate.
    """
    chosen = _chosen(report, only)
    with_sql = [one for one in chosen if one.sql.up]
    left_out = () if only else tuple(one for one in with_sql if not _changes_schema(one.sql))
    wanted = [one for one in with_sql if one not in left_out]
    if not wanted:
        raise UsageError(_nothing(report, only, left_out))
    # what takes the place of an index is there before the index goes
    ordered = sorted(wanted, key=lambda one: _verb(_work(one.sql)[0]) in ("drop", "rebuild"))
    dialect, database = report.target.dialect, _database(report)
    migrations = tuple(_with_own_names(made for one in ordered for made in _migrations(one, dialect, database)))
    return Plan(migrations, len(chosen) - len(with_sql), left_out)


def _changes_schema(change: Change) -> bool:
    """Whether it belongs into every database of that schema: what cannot be undone is about one database's state."""
    return bool(change.down) and not all(_OF_ONE_SERVER.match(sql) for sql in change.up)


def _work(change: Change) -> tuple[str, ...]:
    """The statements up, without the limits on waits that the migration brings along itself."""
    return mysql_session.without_limits(change.up) or change.up


def _database(report: Report) -> str:
    """The one whose tables all the advice is about, in MySQL; else the one that was looked at."""
    schemas = {one.object.schema for one in report.recommendations if one.object.table}
    return schemas.pop() if len(schemas) == 1 else report.target.database


def _nothing(report: Report, only: Sequence[str], left_out: Sequence[Recommendation]) -> str:
    if not report.recommendations:
        return "the report holds no recommendation, so there is nothing to migrate"
    if only:
        return f"no SQL in {', '.join(only)}, so there is nothing to migrate"
    if left_out:
        ids = " ".join(f"--only {one.id}" for one in left_out)
        return f"no recommendation of the report changes the schema; to migrate them all the same: {ids}"
    return "no recommendation of the report holds SQL, so there is nothing to migrate"


def _chosen(report: Report, only: Sequence[str]) -> list[Recommendation]:
    for wanted in only:
        hits = [one for one in report.recommendations if wanted and one.id.startswith(wanted)]
        if not hits:
            raise UsageError(f"no recommendation '{wanted}' in the report; its ids stand in \"id\"")
        if len(hits) > 1 and wanted not in [one.id for one in hits]:
            raise UsageError(f"'{wanted}' is the beginning of {len(hits)} ids: {', '.join(one.id for one in hits)}")
    ids = {one.id for one in report.recommendations}
    whole, beginnings = set(only) & ids, tuple(set(only) - ids)
    return [one for one in report.recommendations if not only or one.id in whole or one.id.startswith(beginnings)]


def _migrations(one: Recommendation, dialect: str, database: str) -> Iterator[Migration]:
    """One; of a change in phases one for each, but for those without a way back."""
    if not one.sql.phases:
        yield _migration(one, dialect, database)
    for number, phase in enumerate(one.sql.phases, start=1):
        if not phase.final:
            yield _of_phase(one, number, phase)


def _of_phase(one: Recommendation, number: int, phase: Phase) -> Migration:
    facts = ". ".join(fact for fact in (phase.lock, phase.duration) if fact)
    return Migration(
        fingerprint=hashlib.sha256("\0".join((one.id, phase.name, *phase.up)).encode()).hexdigest()[:16],
        name=words(f"{one.group} {one.object.table} {number} {phase.name}"),
        title=f"{phase.title} [phase {number} of: {one.title}]",
        schema=one.object.schema,
        table=one.object.table,
        up=postgres.phase_way(phase.up, transaction=phase.transaction),
        down=postgres.phase_way(phase.down, transaction=phase.transaction),
        notes=(facts, f"Risk: {phase.risk}" if phase.risk else ""),
    )


def _migration(one: Recommendation, dialect: str, database: str) -> Migration:
    def way(statements: Sequence[str]) -> Way:
        return postgres.way(statements) if dialect == "postgres" else _mysql_way(statements, database)

    return Migration(
        fingerprint=hashlib.sha256("\0".join(_work(one.sql)).encode()).hexdigest()[:16],
        name=_name(one, dialect),
        title=f"{one.title} [{one.severity}, {one.rule}]",
        schema=one.object.schema,
        table=one.object.table,
        up=way(one.sql.up),
        down=way(one.sql.down),
        notes=tuple(_notes(one)),
        index=postgres.plain_index(one.sql.up) if dialect == "postgres" else None,
        stops_writers=any(_STOPS_WRITERS.search(sql) for sql in one.sql.up),
    )


def _notes(one: Recommendation) -> Iterator[str]:
    yield one.reason
    if one.risk:
        yield f"Risk: {one.risk}"
    if one.sql.trial:
        yield f"To be tried some days before: {'; '.join(one.sql.trial)}; and back: {'; '.join(one.sql.trial_down)}"
    for command in one.sql.tools:
        yield f"In its place, without stopping writers: {command}"


def _mysql_way(statements: Sequence[str], database: str) -> Way:
    if not statements:
        return Way()
    work = mysql_session.without_limits(statements)
    # a migration runs in each environment's database, which has a name of its own in each
    steps = (Step(in_default_database(sql.strip().rstrip(";"), database), alone=True) for sql in work)
    return Way((mysql_session.BEFORE,), tuple(steps), (mysql_session.AFTER,))


def _name(one: Recommendation, dialect: str) -> str:
    sql = _work(one.sql)[0]
    index = one.object.index
    if index is not None and dialect != "postgres" and one.object.table not in index:
        index = f"{one.object.table}_{index}"  # in MySQL an index has its name in its table
    what = index or postgres.made_name(sql) or f"{one.rule.split('.')[-1]}_{one.object.table}"
    return words(f"{_verb(sql)} {what}")


def _verb(sql: str) -> str:
    """What the statement does, in a word."""
    first = sql.split(None, 1)[0].upper()
    if first == "ALTER":
        clause = _ALTERED_INDEX.match(sql)
        return "change" if clause is None else {"ADD": "create", "DROP": "drop"}[clause[1].upper()]
    return {"CREATE": "create", "DROP": "drop", "REINDEX": "rebuild", "ANALYZE": "analyze"}.get(first, "change")


def words(text: str) -> str:
    """Lower-case letters, digits and ``_``, for the name of a file, a class or a change."""
    return _NOT_IN_NAMES.sub("_", text.lower()).strip("_")[:LONGEST_NAME].strip("_")


def _with_own_names(migrations: Iterator[Migration]) -> Iterator[Migration]:
    taken: set[str] = set()
    seen: set[str] = set()
    for one in migrations:
        if one.fingerprint in seen:
            continue
        seen.add(one.fingerprint)
        named = renamed(one, taken)
        taken.add(named.name)
        yield named


def renamed(one: Migration, taken: Collection[str]) -> Migration:
    """The migration under its name, or under one with its fingerprint where that is taken."""
    return one if one.name not in taken else replace(one, name=f"{one.name[: LONGEST_NAME - 7]}_{one.fingerprint[:6]}")
