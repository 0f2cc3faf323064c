"""What the user does not want to hear of: ``[[silence]]`` in the configuration file, and comments in files of SQL.

```toml
[[silence]]
rules = ["index.unused"]                # ids or groups
tables = ["public.orders", "audit.*"]   # patterns; also indexes, files, findings (ids)
reason = "read by the yearly report"
until = 2027-01-31                      # the last day on which it holds
```
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from dbtune.cli import config
from dbtune.logs.sql_file import read_sql_text
from dbtune.model.errors import UsageError
from dbtune.model.snapshot import Dialect
from dbtune.rules.pages import did_you_mean
from dbtune.rules.registry import all_rules
from dbtune.rules.silencing import Silence, silences_in

Names = str | list[str]


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    reason: str
    rules: Names = []
    tables: Names = []
    indexes: Names = []
    files: Names = []
    findings: Names = []
    until: date | None = None


@dataclass(frozen=True)
class Silences:
    """Those that hold today, and a line for each that holds no more."""

    active: tuple[Silence, ...] = ()
    ended: tuple[str, ...] = ()


def read_silences(files: Iterable[Path], dialect: Dialect) -> Silences:
    """All of the configuration file and of these files of SQL.

    Raises UsageError, naming the file, for what is malformed, without a reason, or about an unknown rule.
    """
    known = _known_names()
    active = [silence for file in files for silence in silences_in(file, read_sql_text(file), known, dialect)]
    ended: list[str] = []
    today = date.today()  # the user's own day
    for silence in _configured_silences(known):
        if silence.is_expired(today):
            what = ", ".join((*silence.rules, *silence.findings))
            ended.append(f"{silence.by}: the silence of {what} ended on {silence.until} and is no longer obeyed")
        else:
            active.append(silence)
    return Silences(tuple(active), tuple(ended))


def _known_names() -> frozenset[str]:
    """Ids and groups of all rules."""
    return frozenset(name for rule in all_rules().values() for name in (rule.id, rule.group))


def _configured_silences(known: frozenset[str]) -> list[Silence]:
    """Those of the nearest configuration file."""
    found = config.find_file(Path.cwd())
    if found is None:
        return []
    path, content = found
    entries = content.get(config.SILENCE, [])
    if not isinstance(entries, list):
        raise UsageError(f"{path}: 'silence' is a list of tables; write [[{config.SILENCE}]]")
    return [_silence(path, number, entry, known) for number, entry in enumerate(entries, 1)]


def _silence(path: Path, number: int, content: object, known: frozenset[str]) -> Silence:
    by = f"{path}: [[{config.SILENCE}]] {number}"
    try:
        entry = msgspec.convert(content, _Entry)
    except msgspec.ValidationError as error:
        raise UsageError(f"{by}: {error}") from error
    rules = _names(entry.rules)
    for name in rules:
        if name not in known:
            raise UsageError(f"{by}: no rule or group '{name}'{did_you_mean(name, known)}")
    if not rules and not entry.findings:
        raise UsageError(f"{by}: name 'rules', or 'findings' by their ids")
    if not entry.reason.strip():
        raise UsageError(f"{by}: give a reason")
    return Silence(
        rules,
        path.name,
        entry.reason,
        _names(entry.tables),
        _names(entry.indexes),
        _names(entry.files),
        _names(entry.findings),
        entry.until,
        str(path.parent),
    )


def _names(value: Names) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
