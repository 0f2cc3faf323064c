"""sqitch: deploy, revert and verify scripts, and their lines at the end of the plan; no script opens a transaction.

Source: sqitch, sqitchchanges and sqitchtutorial manual pages; App::Sqitch::Plan for the form of a line.
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dbtune.migrate.migration import Migration
from dbtune.migrate.project import Batch, NewFile, Output, Place, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.model.text import in_comment

STAMP = "%Y-%m-%dT%H:%M:%SZ"
PLANNER = "dbtune <dbtune@localhost>"
_STAMP = re.compile(r"\s(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\s")
_PROJECT = re.compile(r"^%project=(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class _Configuration:
    plan: Path
    top: Path
    engine: str
    folders: dict[str, Path]


def find(root: Path) -> Place | None:
    """``sqitch.plan``, where ``sqitch.conf`` says it is."""
    configuration = _configuration(root)
    if not configuration.plan.is_file():
        return None
    sign = str(configuration.plan.relative_to(root))
    return Place(root, configuration.top, sign, tuple(configuration.folders.values()))


@migration_format("sqitch", title="sqitch", find=find, needs="sqitch.plan")
def write(batch: Batch) -> Output:
    """``deploy/<name>.sql``, ``revert/…``, ``verify/…``, and ``sqitch.plan`` with a line more for each."""
    configuration = _configuration(batch.place.root)
    plan = text_of(configuration.plan)
    found = _PROJECT.search(plan)
    project = found[1] if found else "dbtune"
    files = [file for one in batch.migrations for file in _scripts(one, configuration, project)]
    lines = "".join(f"{line}\n" for line in _plan_lines(batch, plan))
    return Output((*files, NewFile(configuration.plan, plan.rstrip("\n") + "\n" + _gap(plan) + lines, replaces=True)))


def _gap(plan: str) -> str:
    """An empty line between the pragmas and the first change."""
    return "\n" if all(line.startswith("%") or not line.strip() for line in plan.splitlines()) else ""


def _plan_lines(batch: Batch, plan: str) -> Iterator[str]:
    stamps = [datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) for stamp in _STAMP.findall(plan)]
    start = max([batch.since, *(stamp + timedelta(seconds=1) for stamp in stamps)])
    for number, one in enumerate(batch.migrations):
        stamp = (start + timedelta(seconds=number)).strftime(STAMP)
        yield f"{one.name} {stamp} {PLANNER} # {in_comment(one.title)}"


def _scripts(one: Migration, configuration: _Configuration, project: str) -> Iterator[NewFile]:
    checks = tuple(sql for sql in one.up.after if sql.startswith("DO"))
    for action, statements in (("Deploy", one.up.statements), ("Revert", one.down.statements), ("Verify", checks)):
        text = render(
            "sqitch.sql.j2",
            action=action,
            project=project,
            name=one.name,
            engine=configuration.engine,
            comments=one.comments if action != "Verify" else (),
            statements=statements,
        )
        yield NewFile(configuration.folders[action] / f"{one.name}.sql", text)


def _configuration(root: Path) -> _Configuration:
    """``sqitch.conf`` is a Git-like file, of which this reads ``name = value`` in sections."""
    values: dict[str, dict[str, str]] = {}
    path = root / "sqitch.conf"
    if path.is_file():
        parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
        lines = [line.strip() for line in text_of(path).splitlines()]
        try:
            parser.read_string("\n".join(lines))
            values = {section: {k: v or "" for k, v in parser[section].items()} for section in parser.sections()}
        except configparser.Error:
            values = {}
    core = values.get("core", {})
    top = root / core.get("top_dir", ".")
    plan = root / core["plan_file"] if "plan_file" in core else top / "sqitch.plan"
    names = {"Deploy": "deploy", "Revert": "revert", "Verify": "verify"}
    folders = {
        action: root / core[f"{name}_dir"] if f"{name}_dir" in core else top / name for action, name in names.items()
    }
    return _Configuration(plan, top, core.get("engine", "pg"), folders)
