"""The whole demo on a small shop: everything really runs, and nothing is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dbtune.demo import shop
from dbtune.demo.flow import run_demo
from dbtune.demo.options import DemoOptions
from dbtune.demo.outcome import Outcome
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Report

SCALE = 0.05


@pytest.fixture(scope="module")
def demo() -> tuple[Outcome, list[Report]]:
    shown: list[Report] = []
    return run_demo(DemoOptions(scale=SCALE), NoProgress(), shown.append), shown


def test_the_report_is_shown_as_soon_as_it_is_there(demo: tuple[Outcome, list[Report]]) -> None:
    outcome, shown = demo
    assert shown == [outcome.report]


def test_every_statement_is_planned_and_measured(demo: tuple[Outcome, list[Report]]) -> None:
    outcome, _ = demo
    workload = shop.workload()
    assert len(workload.statements) >= 25
    assert {one.fingerprint for one in outcome.statements} == {s.fingerprint for s in workload.statements}
    assert [one.error for one in outcome.statements if one.error is not None] == []
    assert outcome.report.workload.skipped == ()
    assert all(one.ms_before > 0 and one.ms_after > 0 for one in outcome.statements)


def test_the_report_names_no_place_on_this_machine(demo: tuple[Outcome, list[Report]]) -> None:
    assert [source.name for source in demo[0].report.workload.sources] == ["workload.sql"]


def test_all_advice_runs_as_printed(demo: tuple[Outcome, list[Report]]) -> None:
    outcome, _ = demo
    assert outcome.failures == ()
    missing = [r.object.index for r in outcome.report.recommendations if r.rule == "index.missing"]
    assert {built.index for built in outcome.indexes} == set(missing)
    assert all(built.built > 0 for built in outcome.indexes)


def test_the_workload_becomes_cheaper_as_planned(demo: tuple[Outcome, list[Report]]) -> None:
    summary = demo[0].report.summary
    assert summary.cost_after < 0.5 * summary.cost_before


def test_the_troubles_of_the_shop_are_found(demo: tuple[Outcome, list[Report]]) -> None:
    found = {(r.rule, r.object.index) for r in demo[0].report.recommendations}
    assert ("index.duplicate", "customers_email_idx") in found
    assert ("index.redundant", "customers_country_idx") in found
    assert ("index.invalid", "payments_provider_reference_key") in found


def test_as_a_command_it_prints_json_and_leaves_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        Path(folder).chmod(0o755)  # the server may run under another account
        command = [sys.executable, "-m", "dbtune", "demo", "--scale", "0.02", "--format", "json"]
        environment = {**os.environ, "TMPDIR": folder}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        assert list(Path(folder).iterdir()) == []
    outcome = json.loads(done.stdout)
    assert len(outcome["statements"]) >= 25
    assert outcome["report"]["version"] == 1
    assert outcome["total_ms_before"] > 0
    assert "is stopped and its files are removed" in done.stderr
