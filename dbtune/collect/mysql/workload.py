"""``events_statements_summary_by_digest``: what these databases were asked, merged by fingerprint."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.workload import Skipped, Statement, Workload, WorkloadSource
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.mysql_digests import (
    PICOSECONDS,
    digest_statement,
    is_application_statement,
    is_cut,
    is_preparation,
    whole_sample,
)

SOURCE = "performance_schema"
WHAT = "statements in performance_schema"

DIGESTS = """
    SELECT SCHEMA_NAME AS `schema`, DIGEST AS digest, DIGEST_TEXT AS text, COUNT_STAR AS calls,
           SUM_TIMER_WAIT AS picoseconds, SUM_ROWS_SENT AS sent, SUM_ROWS_AFFECTED AS affected,
           FIRST_SEEN AS first_seen, {sample} AS sample
    FROM performance_schema.events_statements_summary_by_digest
    WHERE SCHEMA_NAME IN ({schemas}) OR SCHEMA_NAME IS NULL
"""

CONSUMER = "SELECT ENABLED AS enabled FROM performance_schema.setup_consumers WHERE NAME = 'statements_digest'"

SLOW_LOG = "or give a slow log with --log, or statements with --workload"
SWITCHED_OFF = f"it is OFF: performance_schema = ON in the server's configuration and a restart; {SLOW_LOG}"
CONSUMER_OFF = (
    "the consumer statements_digest is off: UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' "
    f"WHERE NAME = 'statements_digest'; {SLOW_LOG}"
)
ADVICE = f"GRANT SELECT ON performance_schema.*; {SLOW_LOG}"
CUT_REASON = "the server has cut its text at max_digest_length"


def counts_digests(catalog: Catalog, variables: Mapping[str, str]) -> bool:
    """Whether the server counts statements now; where the account may not look, as is usual: yes."""
    if variables.get("performance_schema") != "ON":
        return False
    consumer = catalog.probe(CONSUMER)
    return not consumer or consumer[0]["enabled"] == "YES"


def read_workload(
    catalog: Catalog, variables: Mapping[str, str], schemas: Sequence[str], database: str, top: int | None
) -> Workload:
    """Statements with calls and times, those that took the most time first.

    Left out: DDL and other utility statements, what reads the catalogs (monitoring, tools, dbtune), and what was run in
    other databases. Where there is a sample that is whole, it stands for the digest, whose text has no values.
    """
    if not counts_digests(catalog, variables):
        catalog.limit(WHAT, SWITCHED_OFF if variables.get("performance_schema") != "ON" else CONSUMER_OFF)
        return Workload()
    sample = catalog.version.either(MySQLAbility.DIGEST_SAMPLE, "QUERY_SAMPLE_TEXT", "NULL")
    query = DIGESTS.format(sample=sample, schemas=placeholders(schemas))
    rows = catalog.rows(query, WHAT, schemas, advice=ADVICE)
    _note_uncounted(catalog, rows)
    found: dict[str, _Found] = {}
    skipped: list[Skipped] = []
    longest = _longest_digest(variables)
    ansi_quotes = "ANSI_QUOTES" in catalog.sql_mode
    for row in _own(rows, schemas):
        sampled = whole_sample(row["sample"]) is not None and not ansi_quotes
        whole = not is_cut(row["text"], longest)
        if not is_application_statement(digest_statement(row["text"]), whole=whole):
            continue
        if not sampled and not whole:
            text = digest_statement(row["text"])
            skipped.append(Skipped(fingerprint(text, "mysql"), CUT_REASON, normalise(text, "mysql")))
            continue
        one = _read(row, database, ansi_quotes=ansi_quotes)
        known = found.get(one.statement.fingerprint)
        found[one.statement.fingerprint] = one if known is None else known.added(one)
    if skipped:
        catalog.limit(
            f"{len(skipped):,} long statement{'s' if len(skipped) > 1 else ''}",
            f"their texts are cut at max_digest_length ({longest} bytes): raise it and restart, {SLOW_LOG}",
        )
    ranked = sorted(found.values(), key=lambda each: -(each.statement.total_ms or 0))
    if top is not None and len(ranked) > top:
        catalog.limit(f"{len(ranked) - top:,} statements that took less time", f"only the top {top:,} were asked for")
        ranked = ranked[:top]
    if not ranked:
        return Workload(skipped=tuple(skipped))
    statements = tuple(each.statement for each in ranked)
    since = min((each.since for each in ranked if each.since is not None), default=None)
    source = WorkloadSource(SOURCE, SOURCE, len(statements), sum(s.calls for s in statements), since)
    return Workload(statements, (source,), tuple(skipped))


@dataclass(frozen=True)
class _Found:
    statement: Statement
    since: str | None

    def added(self, other: _Found) -> _Found:
        a, b = self.statement, other.statement
        statement = replace(
            a,
            calls=a.calls + b.calls,
            total_ms=(a.total_ms or 0) + (b.total_ms or 0),
            rows=(a.rows or 0) + (b.rows or 0),
            samples=tuple(dict.fromkeys((*a.samples, *b.samples))),
        )
        return _Found(statement, min((each for each in (self.since, other.since) if each is not None), default=None))


def _note_uncounted(catalog: Catalog, rows: Sequence[Row]) -> None:
    together = sum(int(row["calls"]) for row in rows if row["digest"] is None or row["text"] is None)
    if together:
        catalog.limit(
            f"{together:,} calls of statements that the server has counted together",
            "its table of digests is full: TRUNCATE performance_schema.events_statements_summary_by_digest, or raise "
            "performance_schema_digests_size",
        )


def _own(rows: Sequence[Row], schemas: Sequence[str]) -> Iterator[Row]:
    """What was run in these databases. Without a default database, it names one of them."""
    names = [f"`{name.lower()}`" for name in schemas]
    for row in rows:
        text = row["text"]
        if not text or row["digest"] is None or is_preparation(text):
            continue
        if row["schema"] is None and not any(name in text.lower() for name in names):
            continue
        yield row


def _longest_digest(variables: Mapping[str, str]) -> int:
    """Bytes of tokens that are kept of a statement."""
    names = ("max_digest_length", "performance_schema_max_digest_length")
    return min(int(variables.get(name) or 1024) for name in names)


def _read(row: Row, database: str, *, ansi_quotes: bool) -> _Found:
    """``ansi_quotes``: names in samples stand in double quotes, as strings do elsewhere; in digests in backticks."""
    sample = whole_sample(row["sample"])
    text = sample if sample and not ansi_quotes else digest_statement(row["text"])
    schema = row["schema"]
    statement = Statement(
        fingerprint=fingerprint(text, "mysql"),
        text=normalise(text, "mysql"),
        calls=float(row["calls"]),
        total_ms=float(row["picoseconds"]) / PICOSECONDS,
        rows=float(row["sent"] or row["affected"] or 0),
        samples=(sample,) if sample else (),
        source=SOURCE,
        search_path=(schema,) if schema and schema != database else (),
    )
    first = row["first_seen"]
    return _Found(statement, None if first is None else f"{first.isoformat(timespec='seconds')}+00:00")
