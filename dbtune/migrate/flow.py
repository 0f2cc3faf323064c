"""From a report and a folder to the files to be written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from dbtune.migrate.migration import Migration
from dbtune.migrate.planning import Plan, plan, renamed
from dbtune.migrate.project import Batch, Output, Place, files_below, written_before
from dbtune.migrate.registry import MigrationFormat, detected, formats, opened
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import Report

AUTO = "auto"
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
"""Where the report does not say when the database was looked at."""


@dataclass(frozen=True)
class Wishes:
    """What the user asked for."""

    root: Path
    form: str = AUTO
    only: tuple[str, ...] = ()
    app: str | None = None


@dataclass(frozen=True)
class Proposal:
    """What is to be written, and what is not."""

    form: MigrationFormat
    folder: Path
    plan: Plan
    there: tuple[tuple[Migration, Path], ...]
    """Changes that a file holds already."""
    output: Output


def propose(report: Report, wishes: Wishes) -> Proposal:
    """The files; nothing is written yet. Raises UsageError where the folder or the report is not what is needed."""
    if not wishes.root.is_dir():
        raise UsageError(f"{wishes.root}: there is no such folder")
    form, place = detected(wishes.root) if wishes.form == AUTO else _named(wishes.form, wishes.root)
    if wishes.app is not None and not form.has_apps:
        raise UsageError(f"--app names an app of Django; {form.title} has none")
    dialect = report.target.dialect
    if dialect not in form.dialects:
        raise UsageError(
            f"{form.title} runs on {' and '.join(sorted(form.dialects))} only; the report is for {dialect}"
        )
    planned = plan(report, wishes.only)
    before = written_before(place)
    there = tuple((one, before[one.fingerprint]) for one in planned.migrations if one.fingerprint in before)
    missing = [one for one in planned.migrations if one.fingerprint not in before]
    new = tuple(_with_free_names(missing, place))
    batch = Batch(place, new, dialect, _moment(report.target.collected_at), wishes.app)
    output = form.write(batch) if new else Output(())
    return Proposal(form, place.folder, planned, there, output)


def _named(name: str, root: Path) -> tuple[MigrationFormat, Place]:
    form = formats().get(name)
    if form is None:
        close = get_close_matches(name, formats(), n=1)
        known = f"did you mean '{close[0]}'?" if close else f"known: auto, {', '.join(formats())}"
        raise UsageError(f"no migration format '{name}'; {known}")
    return form, opened(form, root)


def _with_free_names(migrations: Sequence[Migration], place: Place) -> list[Migration]:
    """Under names that no file there has, whatever stands before or after the name in it."""
    paths = [path for folder in place.folders for path in files_below(folder)]
    stems = [path.name.split(".")[0].lower().replace("-", "_") for path in paths]
    return [renamed(one, {one.name} if any(stem.endswith(one.name) for stem in stems) else ()) for one in migrations]


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return FIRST_MOMENT
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
