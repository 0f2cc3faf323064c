"""Cases as data for MySQL and MariaDB: SQL that makes a database, the workload, and beside it what must be recommended.

A case is ``cases/<rule id>/<name>.sql``: a comment that says what it shows, optionally ``-- options: {…}`` (fields of
AdviseOptions), ``-- server: {…}`` and ``-- settings: {…}`` (fields of the snapshot's MySQLServer, and variables, to be
taken for the real ones, such as the uptime), ``-- what_if: true`` (planned as those that drop indexes are) and
``-- only: mysql`` (for one family), ``-- as of 2026-03-15T12:00:00+00:00`` (when it is said to be), SQL that makes the
database (behind ``-- mysql:`` or ``-- mariadb:`` for one family), the line ``-- workload``, and the statements. The
findings of all rules stand in ``<name>.json``, by family; ``DBTUNE_WRITE_EXPECTED=1`` writes them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation, Report
from dbtune.model.snapshot import Snapshot
from dbtune.planner.mysql.estimate import EstimatePlanner
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.rules.engine import AdviseOptions, advise
from tests.rules.case_files import NUMBER
from tests.rules.case_files import digest as shared_digest
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

FOLDER = Path(__file__).parent / "cases"
SEPARATOR = "-- workload"
DATABASE = "cases"

ELSEWHERE = ("index.missing",)
"""Rules without cases here, which the others are looked at without: those of new indexes lie in
``tests/candidates/mysql``. Those of what is about to change lie in ``tests/check/mysql``."""


@dataclass(frozen=True)
class Case:
    path: Path

    def __str__(self) -> str:
        return f"{self.rule}/{self.path.stem}"

    @property
    def rule(self) -> str:
        return self.path.parent.name

    @property
    def families(self) -> tuple[str, ...]:
        found = re.search(r"^-- only: (\w+)$", self._text, re.MULTILINE)
        return (found[1],) if found else ("mysql", "mariadb")

    @property
    def options(self) -> AdviseOptions:
        return AdviseOptions(**{"skip": ELSEWHERE, **self._fields("options")})

    def report(self, server: MySQLServer, folder: Path) -> Report:
        """The advice on a database made anew, which is there afterwards as it was made.

        Rules that drop indexes are planned on the same server, with a copy in place of the database meanwhile; others
        need no what-if, and are planned by EXPLAIN.
        """
        target = self._made(server)
        snapshot = self._snapshot(target)
        file = folder / "workload.sql"
        file.write_text(self._parts[1])
        workload = read_sql_file(file, snapshot.server.dialect)
        if not self.rule.startswith("index.") and not self._fields("what_if"):
            with EstimatePlanner(snapshot, target) as planner:
                return advise(snapshot, workload, planner, self.options, NoProgress())
        server.run(f"DROP DATABASE {DATABASE}")
        with ScratchPlanner.open(snapshot, scratch=server.url) as scratch:
            report = advise(snapshot, workload, scratch, self.options, NoProgress())
        self._made(server)
        return report

    def _made(self, server: MySQLServer) -> DatabaseUrl:
        # behind "-- mysql:" or "-- mariadb:" stands what is for one family
        schema = re.sub(rf"^-- {server.family}: ", "", self._parts[0], flags=re.MULTILINE)
        target = parse_target(fill(server, DATABASE, schema))
        assert isinstance(target, DatabaseUrl)
        return target

    def _snapshot(self, target: DatabaseUrl) -> Snapshot:
        found = collect(target, CollectOptions(workload=False), NoProgress())
        assert found.server.mysql is not None
        observed = replace(found.server.mysql, **self._fields("server"))
        settings = {**found.settings, **self._fields("settings")}
        moment = re.search(r"^-- as of (\S+)$", self._text, re.MULTILINE)
        return replace(
            found,
            server=replace(found.server, mysql=observed),
            settings=settings,
            collected_at=moment[1] if moment else found.collected_at,
        )

    def expected(self) -> dict[str, Any]:
        path = self.path.with_suffix(".json")
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def write(self, family: str, findings: list[dict[str, object]]) -> None:
        content = {**self.expected(), family: findings}
        text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True)
        self.path.with_suffix(".json").write_text(text + "\n")

    @property
    def _text(self) -> str:
        return self.path.read_text()

    @property
    def _parts(self) -> tuple[str, str]:
        schema, separator, workload = self._text.partition(f"\n{SEPARATOR}\n")
        assert separator, f"{self.path} has no line '{SEPARATOR}'"
        return schema, workload

    def _fields(self, name: str) -> dict[str, Any]:
        found = re.search(rf"^-- {name}: (.*)$", self._text, re.MULTILINE)
        return json.loads(found[1]) if found else {}


def all_cases() -> list[Case]:
    return [Case(path) for path in sorted(FOLDER.glob("*/*.sql"))]


def digest(recommendation: Recommendation) -> dict[str, object]:
    """What a case pins down: all that does not depend on the planner's exact figures."""
    sql = recommendation.sql
    return {
        **shared_digest(recommendation),
        "risk": NUMBER.sub("#", recommendation.risk),
        "trial": list(sql.trial),
        "trial_down": list(sql.trial_down),
        "tools": list(sql.tools),
    }
