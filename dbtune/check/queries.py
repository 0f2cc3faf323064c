"""``dbtune check --queries``: new queries planned at production's scale, with the indexes that would help them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.check.migration_files import line_of
from dbtune.logs.sql_file import read_sql_text
from dbtune.model.errors import NotAsked, PlanFailed, UsageError
from dbtune.model.location import SourceLocation
from dbtune.model.progress import Progress
from dbtune.model.recommendation import Recommendation
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.model.workload import Statement, Workload
from dbtune.planner.gate import Gate
from dbtune.planner.protocol import Planner
from dbtune.rules.engine import advise
from dbtune.rules.index.missing import MISSING
from dbtune.rules.migration_context import NewQuery
from dbtune.rules.options import AdviseOptions
from dbtune.rules.reading import read_statement
from dbtune.sql.facts import is_utility
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.splitting import located_statements


@dataclass(frozen=True)
class QueryText:
    """A query as it stands in a file."""

    location: SourceLocation
    statement: Statement


def read_queries(paths: Sequence[Path], dialect: Dialect = "postgres") -> tuple[QueryText, ...]:
    """The queries of all files, each fingerprint once, with the line where it begins. Utility statements are left out.

    Raises UsageError for a file that cannot be read, and where there is no query in any.
    """
    found: dict[str, QueryText] = {}
    for path in paths:
        content = read_sql_text(path)
        for one in located_statements(content, dialect):
            if is_utility(one.text, dialect):
                continue
            key = fingerprint(one.text, dialect)
            statement = Statement(key, normalise(one.text, dialect), samples=(one.text,), source=path.name)
            found.setdefault(key, QueryText(SourceLocation(str(path), line_of(content, one.start)), statement))
    if paths and not found:
        raise UsageError(f"{', '.join(map(str, paths[:3]))}: no query to plan in it")
    return tuple(found.values())


def plan_queries(
    queries: Sequence[QueryText], snapshot: Snapshot, planner: Planner, progress: Progress
) -> tuple[NewQuery, ...]:
    """Each query with its plan on the snapshot, and the missing indexes that would make it cheaper."""
    if not queries:
        return ()
    gate = Gate(planner)
    planned = tuple(_planned(queries, snapshot, gate))
    statements = tuple(query.planned.statement for query in planned if query.cost is not None)
    report = advise(snapshot, Workload(statements), planner, AdviseOptions(only=(MISSING,)), progress)
    return tuple(replace(one, indexes=_for(one, report.recommendations)) for one in planned)


def _planned(queries: Sequence[QueryText], snapshot: Snapshot, gate: Gate) -> Iterator[NewQuery]:
    for query in queries:
        planned = read_statement(query.statement, snapshot)
        if planned is None:
            continue
        try:
            yield NewQuery(query.location, planned, gate.cost(planned))
        except NotAsked as error:
            yield NewQuery(query.location, planned, None, str(error))
        except PlanFailed as error:
            yield NewQuery(query.location, planned, None, error.reason, refused=True)


def _for(query: NewQuery, advice: Sequence[Recommendation]) -> tuple[Recommendation, ...]:
    return tuple(
        one for one in advice if any(s.fingerprint == query.planned.fingerprint for s in one.evidence.statements)
    )
