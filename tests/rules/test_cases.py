"""Every case of ``cases/``: a real database is made, collected, planned on the shadow, and the advice compared."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.registry import all_rules
from tests.rules.case_files import FOLDER, Case, advice, all_cases, digest, executed_on, run_sql, snapshot_of


@pytest.mark.parametrize("case", all_cases(), ids=str)
def test_case(case: Case, make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database()
    run_sql(url, case.parts[0])
    snapshot = snapshot_of(url)
    snapshot = replace(snapshot, collected_at=case.as_of or snapshot.collected_at)
    workload = case.workload(tmp_path)
    report = advice(snapshot, workload, case.options, executed_on(url, workload) if case.executed else None)
    assert not report.workload.skipped
    found = [digest(recommendation) for recommendation in report.recommendations]
    if os.environ.get("DBTUNE_WRITE_EXPECTED"):
        case.expected_path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == case.expected
    _runs_there_and_back(url, [r["up"] for r in case.expected], [r["down"] for r in case.expected])


def _runs_there_and_back(url: str, ups: list[list[str]], downs: list[list[str]]) -> None:
    """All SQL runs as it stands, outside a transaction; the way back leads where it came from."""
    before = _definitions(url)
    with psycopg.connect(url, autocommit=True) as connection:
        for up in ups:
            for statement in up:
                connection.execute(statement.encode())
        for down in reversed(downs):
            for statement in down:
                connection.execute(statement.encode())
    # what was invalid is rebuilt or gone for good
    lost = {name for name, (_, valid) in before.items() if not valid}
    after = _definitions(url)
    assert {n: d for n, d in after.items() if n not in lost} == {n: d for n, d in before.items() if n not in lost}


def _definitions(url: str) -> dict[str, tuple[str, bool]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid FROM pg_index"
            " WHERE indexrelid >= 16384 AND indrelid::regclass::text NOT LIKE 'pg_toast%'"
        )
        return {name: (definition, valid) for name, definition, valid in rows}


PLANNED = {
    rule.id
    for rule in all_rules().values()
    if rule.group != "log" and rule.id not in migration_rules() and "postgres" in rule.dialects
}
"""Rules that look at a database of Postgres. The cases of those for logs lie in ``tests/rules/log``, of those for
changes in ``tests/check``, of those for other servers in ``tests/rules/mysql``."""


def test_every_rule_has_a_case_and_one_that_is_silent() -> None:
    by_rule: dict[str, list[Case]] = {rule: [] for rule in PLANNED}
    for case in all_cases():
        by_rule[case.rule].append(case)
    for rule, cases in by_rule.items():
        said = [any(found["rule"] == rule for found in case.expected) for case in cases]
        assert True in said, f"{rule}: no case in which it speaks"
        assert False in said, f"{rule}: no case in which it is silent"


def test_no_case_lies_where_no_rule_is() -> None:
    assert {folder.name for folder in FOLDER.iterdir() if folder.is_dir()} == PLANNED
