"""Every case of ``cases/`` on the real servers: collected, planned, compared, and the SQL run there and back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dbtune.model.recommendation import Change, Recommendation
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.registry import all_rules
from tests.rules.mysql.case_files import DATABASE, ELSEWHERE, FOLDER, Case, all_cases, digest
from tests.servers.mysql_sandbox import MySQLServer

RULES = {
    rule.id
    for rule in all_rules().values()
    if rule.group != "log" and rule.dialects & {"mysql", "mariadb"} and rule.id not in {*ELSEWHERE, *migration_rules()}
}

CHANGED = ("innodb_stats_persistent", "long_query_time", "slow_query_log", "userstat")
"""Variables that rules' SQL and the cases' own set."""


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_case(case: Case, any_mysql: MySQLServer, tmp_path: Path) -> None:
    family = any_mysql.family
    if family not in case.families:
        assert family not in case.expected()
        return
    with _variables_kept(any_mysql):
        report = case.report(any_mysql, tmp_path)
        assert not report.workload.skipped
        found = sorted((digest(recommendation) for recommendation in report.recommendations), key=_by_title)
        if os.environ.get("DBTUNE_WRITE_EXPECTED"):
            case.write(family, found)
        assert found == sorted(case.expected()[family], key=_by_title)
        _runs_there_and_back(any_mysql, report.recommendations)


def _by_title(finding: dict[str, object]) -> tuple[str, str]:
    """Findings of equal weight stand in another order on another server, whose planner counts otherwise."""
    return str(finding["rule"]), str(finding["title"])


@contextmanager
def _variables_kept(server: MySQLServer) -> Iterator[None]:
    """The way back leads to what the case's snapshot says: the server itself is set back for other tests."""

    def values() -> dict[str, str]:
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SHOW GLOBAL VARIABLES")
            return dict(cursor.fetchall())

    before = values()
    try:
        yield
    finally:
        for name, value in values().items():
            if before[name] != value and name in CHANGED:
                server.run(f"SET GLOBAL {name} = {before[name]}")


def _runs_there_and_back(server: MySQLServer, recommendations: tuple[Recommendation, ...]) -> None:
    """All SQL runs as it stands; each trial and all changes together lead back to where they came from."""
    before = _definitions(server)
    for change in (one.sql for one in recommendations if one.sql.trial):
        server.run(*change.trial)
        assert _definitions(server) != before
        server.run(*change.trial_down)
        assert _definitions(server) == before
    changes: list[Change] = [one.sql for one in recommendations if one.sql.up]
    for change in changes:
        server.run(*change.up)
    for change in reversed(changes):
        server.run(*change.down)
    if all(change.down for change in changes):
        assert _definitions(server) == before


def _definitions(server: MySQLServer) -> dict[str, frozenset[str]]:
    """The lines of each table's definition: the order of indexes is of no consequence."""
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
        names = [name for name, _ in cursor.fetchall()]
        found: dict[str, frozenset[str]] = {}
        for name in names:
            cursor.execute(f"SHOW CREATE TABLE `{name}`")
            ((_, definition),) = cursor.fetchall()
            found[name] = frozenset(line.strip().rstrip(",") for line in _without_defaults(definition).splitlines())
    return found


def _without_defaults(definition: str) -> str:
    """MySQL remembers that a column's collation was once given, and prints it though it is the table's."""
    default = re.search(r"DEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?", definition)
    assert default is not None
    return re.sub(rf"(?: CHARACTER SET {default[1]})? COLLATE {default[2]}\b", "", definition)


def test_every_rule_has_a_case_and_one_that_is_silent() -> None:
    by_rule: dict[str, list[Case]] = {rule: [] for rule in RULES}
    for case in all_cases():
        by_rule[case.rule].append(case)
    for rule, cases in by_rule.items():
        said = [any(f["rule"] == rule for f in found) for case in cases for found in case.expected().values()]
        assert True in said, f"{rule}: no case in which it speaks"
        assert False in said, f"{rule}: no case in which it is silent"


def test_no_case_lies_where_no_rule_is() -> None:
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} == RULES
