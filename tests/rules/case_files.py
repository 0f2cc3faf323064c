"""Cases as data: SQL that makes a database, the workload, and beside it what must be recommended.

A case is ``cases/<rule id>/<name>.sql``: a comment that says what it shows, optionally ``-- options: {…}`` (fields of
AdviseOptions), optionally ``-- as of 2026-03-15T12:00:00+00:00`` (when it is said to be), optionally ``-- executed``
(the statements are run once, and their actual rows known), SQL that makes the database, the line ``-- workload``, and
the statements of the workload. The expected recommendations of all rules stand in ``<name>.json``;
``DBTUNE_WRITE_EXPECTED=1`` writes what is there now, to be reviewed like code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation, Report
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Workload
from dbtune.planner.executing import executed_once
from dbtune.planner.robustness.judging import Executed
from dbtune.planner.shadow.shadow import ShadowPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.splitting import split_statements

FOLDER = Path(__file__).parent / "cases"
SEPARATOR = "-- workload"
NUMBER = re.compile(r"(?<![\w$])\d[\d,]*(\.\d+)?")
"""Figures differ a little from one minor version to the next; the words do not."""


@dataclass(frozen=True)
class Case:
    path: Path

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def rule(self) -> str:
        return self.path.parent.name

    @property
    def expected_path(self) -> Path:
        return self.path.with_suffix(".json")

    @property
    def expected(self) -> Any:
        return json.loads(self.expected_path.read_text())

    @property
    def options(self) -> AdviseOptions:
        found = re.search(r"^-- options: (.*)$", self.path.read_text(), re.MULTILINE)
        return AdviseOptions(**(json.loads(found[1]) if found else {}))

    @property
    def executed(self) -> bool:
        return re.search(r"^-- executed$", self.path.read_text(), re.MULTILINE) is not None

    @property
    def as_of(self) -> str | None:
        found = re.search(r"^-- as of (\S+)$", self.path.read_text(), re.MULTILINE)
        return found[1] if found else None

    @property
    def parts(self) -> tuple[str, str]:
        """SQL that makes the database, and the workload."""
        text = self.path.read_text()
        schema, separator, workload = text.partition(f"\n{SEPARATOR}\n")
        assert separator, f"{self.path} has no line '{SEPARATOR}'"
        return schema, workload

    def workload(self, folder: Path) -> Workload:
        file = folder / "workload.sql"
        file.write_text(self.parts[1])
        return read_sql_file(file)


def all_cases() -> list[Case]:
    return [Case(path) for path in sorted(FOLDER.glob("*/*.sql"))]


def run_sql(url: str, script: str) -> None:
    """Run each statement on its own, outside a transaction; counters are flushed before it returns."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split_statements(script):
            connection.execute(statement.encode())
        connection.execute("SELECT pg_stat_force_next_flush()")
        connection.execute("SELECT 1")


def snapshot_of(url: str) -> Snapshot:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return collect(target, CollectOptions(workload=False), NoProgress())


def advice(snapshot: Snapshot, workload: Workload, options: AdviseOptions, executed: Executed | None = None) -> Report:
    with ShadowPlanner.open(snapshot, NoProgress()) as planner:
        return advise(snapshot, workload, planner, options, NoProgress(), executed=executed)


def executed_on(url: str, workload: Workload) -> Executed:
    target = parse_target(url)
    assert isinstance(target, DatabaseUrl)
    return executed_once(target, workload.statements, NoProgress())


def digest(recommendation: Recommendation) -> dict[str, object]:
    """What a case pins down: all that does not depend on the planner's exact figures."""
    evidence = recommendation.evidence
    return {
        "rule": recommendation.rule,
        "severity": recommendation.severity,
        "confidence": evidence.confidence,
        "table": recommendation.object.table,
        "title": NUMBER.sub("#", recommendation.title),
        "columns": list(recommendation.object.columns),
        "index": recommendation.object.index,
        "cheaper": evidence.gain is not None and evidence.gain > 0.001,
        "reason": NUMBER.sub("#", recommendation.reason),
        "up": list(recommendation.sql.up),
        "down": list(recommendation.sql.down),
    }
