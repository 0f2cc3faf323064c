"""What migrations do, in the words that every human-readable output uses."""

from __future__ import annotations

from dbtune.model.migration import MigrationStep, StepLock, StepWay
from dbtune.model.recommendation import Report
from dbtune.report.text import human_bytes, human_count, one_line
from dbtune.report.wording import plural

DEARER = 1.2
"""A statement this many times as dear is told as one (as in ``rules.migration_context``)."""


def title(report: Report) -> str:
    """``migrations/001.sql and 2 more on shop``."""
    first, *others = report.checked
    return one_line(f"{first} and {len(others)} more" if others else first)


def count_words(report: Report) -> str:
    """``2 high, 1 low``; ``nothing`` where there is no finding."""
    found = [one.severity for one in report.recommendations]
    return ", ".join(f"{found.count(name)} {name}" for name in dict.fromkeys(sorted(found, key=_rank))) or "nothing"


def _rank(severity: str) -> int:
    return ("high", "medium", "low", "info").index(severity)


def nothing_found(report: Report) -> str:
    """What to say where there is no finding."""
    if report.silenced:
        return "Nothing found but what was silenced."
    if not report.workload.statements:
        source = "pg_stat_statements" if report.target.dialect == "postgres" else "performance_schema"
        return (
            "Nothing found. There is no workload, so what becomes of its plans is not known: "
            f"pass --workload FILE.sql or --log FILE, or take a snapshot where {source} counts statements."
        )
    if any(one.cost_after >= DEARER * one.cost_before for one in report.workload.changed):
        return (
            "Nothing found: no lock lasts, and what is dearer below is so by little, or by guesses about new indexes."
        )
    return f"Nothing found: none of {plural(report.workload.statements, 'statement')} is worse off, no lock lasts."


def changed_words(report: Report) -> str:
    """``3 statements dearer, 1 cheaper``; empty where no cost changes."""
    changed = report.workload.changed
    dearer = sum(1 for one in changed if one.cost_after > one.cost_before)
    cheaper = len(changed) - dearer
    words = [f"{human_count(dearer)} dearer"] if dearer else []
    words += [f"{human_count(cheaper)} cheaper"] if cheaper else []
    return ", ".join(words)


def step_words(step: MigrationStep) -> list[str]:
    """One clause for each lock, and what else the statement does."""
    words = [_lock_words(lock) for lock in step.locks]
    if step.way is not None:
        words.append(_way_words(step.way))
    words += [f"writes {name} anew" for name in step.rewrites]
    words += [f"reads all of {name}" for name in step.scans]
    if step.note:
        words.append(step.note)
    return [one_line(word) for word in words]


def _way_words(way: StepWay) -> str:
    """``ALGORITHM=COPY, LOCK=SHARED on shop.orders (…): writes wait``."""
    clauses = f"ALGORITHM={way.algorithm}" + (f", LOCK={way.lock}" if way.lock else "")
    waits = {"SHARED": ": writes wait", "EXCLUSIVE": ": reads and writes wait"}.get(way.lock, "")
    return f"{clauses} on {way.schema}.{way.table}{_facts(way)}{waits}"


def _lock_words(lock: StepLock) -> str:
    table = lock.table if lock.schema == "public" else f"{lock.schema}.{lock.table}"
    return f"{lock.mode} on {table}{_facts(lock)}"


def _facts(lock: StepLock | StepWay) -> str:
    """Rows, bytes and calls of the table, in parentheses after a space; empty where none is known."""
    facts = [f"{human_count(lock.rows)} rows"] if lock.rows is not None else []
    facts += [human_bytes(lock.bytes)] if lock.bytes else []
    facts += [f"{human_count(lock.calls)} calls"] if lock.calls else []
    return f" ({', '.join(facts)})" if facts else ""
