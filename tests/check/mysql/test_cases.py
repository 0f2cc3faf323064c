"""Every case of ``cases/`` on all three servers: a migration, or queries, checked on the shop; beside it the findings.

A case is ``cases/<name>.sql``, or ``cases/<name>.queries.sql`` for queries; a line ``-- no workload`` checks it without
one. What must be found stands in ``<name>.json`` by server, where all say the same under ``all``;
``DBTUNE_WRITE_EXPECTED=1`` writes what is found now, to be reviewed like code.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from dbtune.check.migration_files import read_migrations
from dbtune.check.migrations import check_changes
from dbtune.check.queries import read_queries
from dbtune.model.migration import Migration
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.workload import Workload
from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.options import AdviseOptions
from tests.check.mysql.conftest import HERE, Shop
from tests.check.test_cases import digest

CASES = sorted((HERE / "cases").glob("*.sql"))
SERIES = ("mysql", "mariadb-11", "mariadb-10")
Findings = list[dict[str, object]]


def checked(shop: Shop, path: Path) -> Report:
    is_queries = path.name.endswith(".queries.sql")
    workload = Workload() if "-- no workload" in path.read_text() else shop.workload
    migration = Migration() if is_queries else read_migrations([path], shop.dialect)
    queries = read_queries([path] if is_queries else [], shop.dialect)
    with shop.bench() as bench:
        return check_changes(shop.snapshot, workload, bench, migration, queries, AdviseOptions(), NoProgress())


def expected_of(path: Path) -> dict[str, Findings]:
    """By series."""
    file = path.with_suffix(".json")
    found: dict[str, Findings] = json.loads(file.read_text()) if file.exists() else {}
    return dict.fromkeys(SERIES, found["all"]) if "all" in found else found


def write(path: Path, series: str, found: Findings) -> None:
    known = {**expected_of(path), series: found}
    same = len(known) == len(SERIES) and all(one == found for one in known.values())
    held = {"all": found} if same else {name: known[name] for name in SERIES if name in known}
    path.with_suffix(".json").write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, shop: Shop) -> None:
    report = checked(shop, path)
    assert report.workload.skipped == ()
    found = [digest(one) for one in report.recommendations]
    if os.environ.get("DBTUNE_WRITE_EXPECTED"):
        write(path, shop.series, found)
    assert found == expected_of(path)[shop.series]


@pytest.mark.parametrize("series", SERIES)
def test_every_rule_speaks_in_a_case(series: str) -> None:
    said = {one["rule"] for path in CASES for one in expected_of(path)[series]}
    family = series.partition("-")[0]
    assert said == {rule.id for rule in migration_rules().values() if family in rule.dialects}
