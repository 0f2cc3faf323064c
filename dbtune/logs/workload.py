"""From a digest to a workload to tune for."""

from __future__ import annotations

from datetime import UTC, datetime

from dbtune.collect.postgres.statements import is_application_statement
from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Skipped, Statement, Workload, WorkloadSource
from dbtune.sql.facts import is_utility
from dbtune.sql.mysql_digests import reads_catalogs

SAMPLES_TO_PLAN = 8
"""Executions of a statement that are kept for planning, beside the slowest."""


def to_workload(made: Digest) -> Workload:
    """The statements of a digest as a workload to tune for.

    Left out: what is not planned (SET, BEGIN, ...), and what reads the system catalogs (monitoring, tools, dbtune).
    """
    names = ", ".join(source.name for source in made.sources)
    planned = [one for one in made.statements if not is_utility(one.text, made.dialect)]
    own = [one for one in planned if _is_of_tools(one.text, made.dialect)]
    left = {id(one) for one in own}
    planned = [one for one in planned if id(one) not in left]
    left_out = [one for one in made.statements if is_utility(one.text, made.dialect)]
    since = None if made.first_seen is None else datetime.fromtimestamp(made.first_seen, UTC).isoformat()
    source = WorkloadSource("log", names, len(planned), sum(one.calls for one in planned), since)
    skipped = [Skipped(one.fingerprint, "not a statement that is planned", one.text) for one in left_out]
    if own:
        skipped.append(Skipped("", f"{names}: statements that read the system catalogs ({len(own):,})"))
    skipped += [
        Skipped("", f"{source.name}: {part.reason} ({part.count:,})")
        for source in made.sources
        for part in source.skipped
    ]
    skipped += [Skipped("", f"{limit.what}: {limit.why}") for limit in made.limits]
    return Workload(tuple(_statement(one, names) for one in planned), (source,), tuple(skipped))


def _is_of_tools(text: str, dialect: Dialect) -> bool:
    return not is_application_statement(text) if dialect == "postgres" else reads_catalogs(text)


def _statement(one: StatementDigest, names: str) -> Statement:
    return Statement(
        fingerprint=one.fingerprint,
        text=one.text,
        calls=one.calls,
        total_ms=one.total_ms,
        rows=one.rows_sent,
        samples=tuple(dict.fromkeys(sample.sql for sample in one.samples)),
        source=names,
        search_path=next((sample.search_path for sample in one.samples), ()),
    )
