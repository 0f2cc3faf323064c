"""``dbtune migrate`` as a user calls it: what it prints, what it writes, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dbtune.report import json as json_report
from tests.cli.running import Run
from tests.migrate.reports import DROPPED, MAINTENANCE, SIMPLE, report
from tests.report.samples import EMPTY

Here = Callable[..., Run]


@pytest.fixture(autouse=True)
def files(tmp_path: Path) -> None:
    """Reports, and an empty project of dbmate."""
    (tmp_path / "report.json").write_text(json_report.write(report(SIMPLE, DROPPED, MAINTENANCE)))
    (tmp_path / "empty.json").write_text(json_report.write(EMPTY))
    (tmp_path / "none.json").write_text('{"version": 1, "what": "else"}')
    (tmp_path / "project" / "db" / "migrations").mkdir(parents=True)
    (tmp_path / "project" / "db" / "migrations" / "1_a.sql").write_text("-- migrate:up\n-- migrate:down\n")


def written(tmp_path: Path) -> set[str]:
    return {path.name for path in (tmp_path / "project").rglob("*.sql")} - {"1_a.sql"}


def test_files_are_written_and_named(here: Here, tmp_path: Path) -> None:
    done = here("migrate", "report.json", "--dir", "project")
    assert done.status == 0, done.err
    assert {Path(line).name for line in done.out.splitlines()} == written(tmp_path)
    assert len(written(tmp_path)) == 4
    assert "dbmate: wrote 4 files" in done.err
    assert f"add --only ID): {MAINTENANCE.title} ({MAINTENANCE.id})" in done.err
    again = here("migrate", "report.json", "--dir", "project")
    assert (again.status, again.out) == (0, "")
    assert "there already, not written again: create_idx_shop_order_status" in again.err


def test_a_dry_run_writes_nothing(here: Here, tmp_path: Path) -> None:
    done = here("migrate", "report.json", "--dir", "project", "--dry-run", "--only", SIMPLE.id, "--quiet")
    assert done.status == 0
    assert done.err == ""
    assert "CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_shop_order_status" in done.out
    assert "shop_order_note" not in done.out
    assert written(tmp_path) == set()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("report.json", "--format", "flywy"), "no migration format 'flywy'; did you mean 'flyway'?"),
        (("report.json",), "nothing tells which migration tool is used here"),
        (("none.json", "--dir", "project"), "none.json: not a report of dbtune"),
        (("empty.json", "--dir", "project"), "the report holds no recommendation, so there is nothing to migrate"),
        (("missing.json",), "missing.json"),
        (("report.json", "--dir", "nowhere"), "nowhere: there is no such folder"),
        (("report.json", "--dir", "project", "--only", "beef"), "no recommendation 'beef' in the report"),
        (("report.json", "--dir", "/proc/tty", "--format", "sql"), "nothing was written"),
        (("report.json", "--dir", "project", "--format", "rails"), "no Rails project: there is no db/migrate"),
    ],
)
def test_one_line_where_it_cannot(here: Here, tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    if "rails" in arguments:
        (tmp_path / "project" / "db").rename(tmp_path / "project" / "elsewhere")
    assert message in here("migrate", *arguments).assert_one_line_error(2)
    assert written(tmp_path) == set()
