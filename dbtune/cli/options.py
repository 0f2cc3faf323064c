"""Types of option values, and the options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from dbtune.planner.opening import ScratchWishes
from dbtune.rules.options import NO_LIMIT

SIZE_UNITS = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
DURATION_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

Command = TypeVar("Command", bound=Callable[..., Any])


class ValueType(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """Base of the types below."""


class Size(ValueType):
    """A size: ``500MB`` (decimal), ``1GiB`` (binary), a plain number of bytes. Gives an ``int`` of bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if isinstance(value, int):
            return value
        number, unit = _number_and_unit(str(value))
        if number is None or unit not in SIZE_UNITS:
            self.fail(f"'{value}' is no size; write 500MB, 1GiB or a number of bytes", param, ctx)
        return int(number * SIZE_UNITS[unit])


class Budget(Size):
    """A size; ``auto`` gives None, ``none`` a size that nothing reaches."""

    name = "SIZE|auto|none"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        word = str(value).strip().lower()
        if word in ("auto", "none"):
            return None if word == "auto" else NO_LIMIT
        return super().convert(value, param, ctx)


class Percent(ValueType):
    """A percentage: ``5%``, ``5``, ``0.5``. Gives the fraction as ``float``: 0.05."""

    name = "PERCENT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        number, unit = _number_and_unit(str(value))
        if number is None or unit not in ("", "%") or number > 100:
            self.fail(f"'{value}' is no percentage; write a number from 0 to 100, such as 5 or 0.5", param, ctx)
        return number / 100


class Duration(ValueType):
    """A time span: ``90``, ``90s``, ``5min``, ``1h``. Gives seconds as ``float``."""

    name = "SECONDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        number, unit = _number_and_unit(str(value))
        if number is None or unit not in DURATION_UNITS or number == 0:
            self.fail(f"'{value}' is no time; write 90s, 5min or 1h", param, ctx)
        return number * DURATION_UNITS[unit]


class PointInTime(ValueType):
    """An ISO 8601 time, or a span before now (``24h``). Gives an aware ``datetime``; without a zone: local."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        number, unit = _number_and_unit(str(value))
        spans = {**DURATION_UNITS, "d": 86400.0}
        if number is not None and unit and unit in spans:
            return datetime.fromtimestamp(datetime.now(UTC).timestamp() - number * spans[unit], UTC)
        try:
            return datetime.fromisoformat(str(value)).astimezone()
        except ValueError:
            self.fail(f"'{value}' is no time; write 2025-01-31T12:00 or a span before now, such as 24h", param, ctx)


class Names(ValueType):
    """Names separated by commas; gives a tuple. A list in the configuration file is one too."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else [str(part) for part in value]
        names = tuple(part.strip() for part in parts if part.strip())
        if not names and isinstance(value, str):
            self.fail("expected names separated by commas", param, ctx)
        return names


def _number_and_unit(text: str) -> tuple[float | None, str]:
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)\s*([a-zA-Z%]*)", text.strip())
    return (float(match[1]), match[2].lower()) if match else (None, "")


def target_argument(function: Command) -> Command:
    """TARGET: a database URL or a snapshot file; ``DBTUNE_URL`` where it is left out."""
    return click.argument("target", envvar="DBTUNE_URL", metavar="TARGET")(function)


def planner_option(function: Command) -> Command:
    """``--planner``."""
    return click.option(
        "--planner",
        type=click.Choice(["auto", "shadow", "hypopg", "scratch", "explain"]),
        default="auto",
        show_default=True,
        help="Who answers the what-if questions. Postgres: a private empty server with your statistics (shadow), or "
        "the hypopg extension on the server. MySQL and MariaDB: a scratch server (scratch). All: plain EXPLAIN with a "
        "model.",
    )(function)


def scratch_options(function: Command) -> Command:
    """``--scratch`` and ``--sample-rows``; the command gets them as ``scratch``."""

    @wraps(function)
    def with_wishes(*arguments: Any, scratch_server: str | None, sample_rows: int | None, **others: Any) -> Any:
        return function(*arguments, scratch=ScratchWishes(scratch_server, sample_rows), **others)

    decorated: Callable[..., Any] = with_wishes
    for option in (
        click.option(
            "--sample-rows",
            type=click.IntRange(min=1),
            metavar="N",
            help="MySQL and MariaDB: copy a random sample of at most N rows of each table to the scratch server (20000 "
            "is a good number), and count in the database what it cannot tell. Without it no row leaves the database, "
            "and rows are made from statistics.",
        ),
        click.option(
            "--scratch",
            "scratch_server",
            envvar="DBTUNE_SCRATCH_URL",
            metavar="URL|auto",
            help="MySQL and MariaDB: a server to plan on, of the target's series and never the target itself, since "
            "databases are made and dropped there; or auto: one that is started from the programs on this machine.",
        ),
    ):
        decorated = option(decorated)
    return decorated  # type: ignore[return-value]  # its parameters become the command's


def privacy_option(function: Command) -> Command:
    """``--privacy``."""
    return click.option(
        "--privacy",
        type=click.Choice(["none", "hash", "drop"]),
        default="none",
        show_default=True,
        help="What becomes of the data values in the statistics (common values, histograms) before anything uses them.",
    )(function)


log_format_options = (
    click.option("--log-format", metavar="NAME", help="The format of the logs, where it is not recognised."),
    click.option(
        "--log-line-prefix",
        metavar="PREFIX",
        help="The log_line_prefix setting of the Postgres server that wrote the log, where it is not recognised.",
    ),
)


def expand_files(names: Sequence[str], option: str = "--workload") -> tuple[Path, ...]:
    """Files, the ``.sql`` files of folders, and what patterns match, each once, in the order given.

    Raises click.BadParameter for a name that leads to no file.
    """
    found: dict[Path, None] = {}
    for name in names:
        path = Path(name)
        if path.is_dir():
            files = sorted(path.rglob("*.sql"))
        elif path.is_file():
            files = [path]
        else:
            files = _matching(path)
        if not files:
            what = "folder without .sql files" if path.is_dir() else "no such file"
            raise click.BadParameter(f"'{name}': {what}", param_hint=f"'{option}'")
        found.update(dict.fromkeys(files))
    return tuple(found)


def _matching(pattern: Path) -> list[Path]:
    base = Path(pattern.anchor) if pattern.is_absolute() else Path()
    relative = pattern.relative_to(pattern.anchor) if pattern.is_absolute() else pattern
    if not any(character in str(relative) for character in "*?["):
        return []
    return sorted(match for match in base.glob(str(relative)) if match.is_file())


budget_option = click.option(
    "--budget",
    type=Budget(),
    default="auto",
    show_default=True,
    help="Space for new indexes: a size, none for no limit, or auto: what is worth while, half the tables at most.",
)
