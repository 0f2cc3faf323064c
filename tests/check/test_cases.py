"""Every case of ``cases/``: a migration, or queries, checked on the shop, and the findings beside it.

A case is ``cases/<name>.sql``, or ``cases/<name>.queries.sql`` for queries; a line ``-- no workload`` checks it without
one. What must be found stands in ``<name>.json``; ``DBTUNE_WRITE_EXPECTED=1`` writes what is found now, to be reviewed
like code.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from dbtune.check.benches import ShadowBench
from dbtune.check.migration_files import read_migrations
from dbtune.check.migrations import check_changes
from dbtune.check.queries import read_queries
from dbtune.model.migration import Migration
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation, Report
from dbtune.model.workload import Workload
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.options import AdviseOptions
from tests.check.conftest import HERE, Shop

CASES = sorted((HERE / "cases").glob("*.sql"))
NUMBER = re.compile(r"(?<![\w$])\d[\d,]*(\.\d+)?")
"""Figures differ a little from one minor version to the next; the words do not."""


def checked(shop: Shop, path: Path) -> Report:
    is_queries = path.name.endswith(".queries.sql")
    workload = Workload() if "-- no workload" in path.read_text() else shop.workload
    migration = Migration() if is_queries else read_migrations([path])
    queries = read_queries([path] if is_queries else [])
    bench = ShadowBench(shop.snapshot, shop.planner)
    return check_changes(shop.snapshot, workload, bench, migration, queries, AdviseOptions(), NoProgress())


def digest(found: Recommendation) -> dict[str, object]:
    assert found.location is not None
    return {
        "rule": found.rule,
        "severity": found.severity,
        "line": found.location.line,
        "title": NUMBER.sub("#", found.title),
        "reason": NUMBER.sub("#", found.reason),
        "up": list(found.sql.up),
    }


def expected_of(path: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(path.with_suffix(".json").read_text())
    return found


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, shop: Shop) -> None:
    report = checked(shop, path)
    assert not report.workload.skipped
    found = [digest(one) for one in report.recommendations]
    if os.environ.get("DBTUNE_WRITE_EXPECTED"):
        path.with_suffix(".json").write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == expected_of(path)


def test_every_rule_speaks_in_a_case() -> None:
    said = {one["rule"] for path in CASES for one in expected_of(path)}
    assert said == {rule.id for rule in migration_rules().values() if "postgres" in rule.dialects}
