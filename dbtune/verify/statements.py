"""The statements of a report with texts that can be run: a report holds none of their values, a workload does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.recommendation import Report
from dbtune.model.risk import PlanRisk
from dbtune.model.snapshot import Dialect
from dbtune.model.verification import NotRun
from dbtune.model.workload import Statement, Workload
from dbtune.sql.facts import is_utility
from dbtune.sql.lexing import tokens
from dbtune.verify.staging import Runnable

EXECUTIONS = 3
"""Different executions of a statement that make up one run."""

NO_VALUES = "its values are not known: give them with --workload FILE or --log LOG"


@dataclass(frozen=True)
class Expected:
    """A statement to run, and what the report says of it."""

    fingerprint: str
    text: str
    calls: float
    risk: PlanRisk | None
    runnable: Runnable


@dataclass(frozen=True)
class _Told:
    text: str
    calls: float
    risk: PlanRisk | None = None


def expected_statements(report: Report, workload: Workload) -> tuple[tuple[Expected, ...], tuple[NotRun, ...]]:
    """What can be run, those whose plan changes first; and what cannot, with the reason."""
    told = _told(report)
    given = {one.fingerprint: one for one in workload.statements}
    dialect: Dialect = "postgres" if report.target.dialect == "postgres" else "mysql"  # one lexer for both
    found: list[Expected] = []
    not_run: list[NotRun] = []
    for fingerprint in dict.fromkeys((*told, *given)):
        statement = given.get(fingerprint)
        said = told.get(fingerprint)
        text = said.text if said is not None else statement.text if statement is not None else ""
        runnable = _runnable(fingerprint, statement, text, dialect)
        if runnable is None:
            if said is not None:  # what the report does not name is not missed
                not_run.append(NotRun(fingerprint, text, NO_VALUES))
            continue
        if any(is_utility(one, dialect) for one in runnable.texts):
            not_run.append(NotRun(fingerprint, text, "not a statement that is planned"))
            continue
        calls = said.calls if said is not None else statement.calls if statement is not None else 1.0
        found.append(Expected(fingerprint, text, calls, said.risk if said is not None else None, runnable))
    return tuple(found), tuple(not_run)


def _told(report: Report) -> dict[str, _Told]:
    told = {one.fingerprint: _Told(one.text, one.calls, one.risk) for one in report.workload.changed}
    for fingerprint, other in _others(report):
        told.setdefault(fingerprint, other)
    return told


def _others(report: Report) -> Iterator[tuple[str, _Told]]:
    """Statements that the report names, and whose plan all of the advice together does not change."""
    for top in report.workload.top:
        yield top.fingerprint, _Told(top.text, top.calls)
    for recommendation in report.recommendations:
        for one in recommendation.evidence.statements:
            if one.cost_before is not None:
                yield one.fingerprint, _Told(one.text, one.calls)


def _runnable(fingerprint: str, statement: Statement | None, text: str, dialect: Dialect) -> Runnable | None:
    """The workload's executions; else the text itself, where it needs no values."""
    if statement is not None and statement.samples:
        return Runnable(fingerprint, statement.samples[:EXECUTIONS], statement.search_path)
    alone = statement.text if statement is not None else text
    if not alone or any(token.kind == "parameter" for token in tokens(alone, dialect)):
        return None
    return Runnable(fingerprint, (alone,), statement.search_path if statement is not None else ())
