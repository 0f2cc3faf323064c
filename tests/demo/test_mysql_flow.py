"""The demo on MariaDB and MySQL, on a small shop: everything really runs, and nothing is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.demo import mysql_shop
from dbtune.demo.mysql_flow import run_mysql_demo
from dbtune.demo.options import DemoOptions
from dbtune.embedded.mysql_binaries import PROGRAMS_VARIABLE
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report
from dbtune.model.snapshot import Dialect
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, script

SCALE = 0.03


@pytest.mark.parametrize(("dialect", "flavour"), [("mysql", "mysql"), ("mariadb", "mariadb-11.8")])
def test_the_workload_is_cheaper_and_all_advice_runs(
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    dialect: Dialect,
    flavour: str,
) -> None:
    found: MySQLServer = request.getfixturevalue(dialect)  # says so where there is none
    assert found.family == dialect
    monkeypatch.setenv(PROGRAMS_VARIABLE, str(script(FLAVOURS[flavour], tmp_path)))
    shown: list[Report] = []
    outcome = run_mysql_demo(DemoOptions(scale=SCALE), dialect, NoProgress(), shown.append)
    assert shown == [outcome.report]
    assert outcome.failures == ()
    workload = mysql_shop.workload(dialect)
    assert len(workload.statements) >= 30
    assert [one.error for one in outcome.statements if one.error is not None] == []
    new = {r.object.index for r in outcome.report.recommendations if r.rule == "index.missing"}
    assert {built.index for built in outcome.indexes} == new
    assert {"order_items", "payments", "events"} <= {r.object.table for r in outcome.report.recommendations}
    summary = outcome.report.summary
    assert summary.cost_after < 0.3 * summary.cost_before
