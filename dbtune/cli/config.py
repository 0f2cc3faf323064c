"""Options from a file: ``dbtune.toml``, or ``[tool.dbtune]`` of ``pyproject.toml``, nearest above the working folder.

A key is an option's name, with dashes or underscores. At the top it holds for every command that has the option; in a
table named after a command, for that command alone. The command line and the environment win over the file. The tables
``[[silence]]`` are no options: ``dbtune.cli.silences`` reads them.

```toml
budget = "2GiB"

[analyze]
planner = "shadow"
skip = ["index.unused"]
```
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from dbtune.cli.errors import CONFIG_FILE, did_you_mean
from dbtune.model.errors import UsageError

FILE_NAME = "dbtune.toml"

SILENCE = "silence"
"""The key that is no option: what the user does not want to hear of (``dbtune.cli.silences``)."""

Value = object
"""What TOML can hold; each option converts and checks its own."""


def apply(ctx: click.Context, name: str, command: click.Command) -> None:
    """Make the file's values the defaults of the command's options.

    Raises UsageError for a file that is not TOML, and for a key that is no option of the command (at the top: of any).
    """
    found = find_file(Path.cwd())
    if found is None:
        return
    path, content = found
    group = ctx.command
    assert isinstance(group, click.Group)
    commands = group.list_commands(ctx)
    defaults: dict[str, Value] = {}
    for key, value in content.items():
        if key in commands or key == SILENCE:
            continue
        option = _option(command, key)
        if option is not None:
            defaults[option] = _as_option_value(value)
        elif not any(_has_option(group, ctx, other, key) for other in commands if other != name):
            raise UsageError(f"{path}: unknown key '{key}'{did_you_mean(key, [*_names(command), *commands, SILENCE])}")
    own = content.get(name, {})
    if not isinstance(own, Mapping):
        raise UsageError(f"{path}: '{name}' is a command and must be a table, [{name}]")
    for key, value in own.items():
        option = _option(command, key)
        if option is None:
            raise UsageError(f"{path}: unknown key '{key}' in [{name}]{did_you_mean(key, _names(command))}")
        defaults[option] = _as_option_value(value)
    ctx.meta[CONFIG_FILE] = str(path)
    ctx.default_map = {**(ctx.default_map or {}), name: defaults}


def find_file(folder: Path) -> tuple[Path, Mapping[str, Value]] | None:
    """The nearest configuration in this folder or above, with its content."""
    for place in (folder, *folder.parents):
        own = place / FILE_NAME
        # os.path: a folder above that may not be looked into is no error
        if os.path.isfile(own):  # noqa: PTH113
            return own, _read(own)
        project = place / "pyproject.toml"
        if "tool.dbtune" in _content(project):
            tool = _read(project).get("tool")
            section = tool.get("dbtune") if isinstance(tool, Mapping) else None
            if isinstance(section, Mapping):
                return project, section
    return None


def _content(path: Path) -> str:
    """The file's text; empty where there is none that may be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read(path: Path) -> Mapping[str, Value]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        raise UsageError(f"{path}: {error}") from error


def _as_option_value(value: Value) -> Value:
    """Numbers become text, as if written on the command line; lists and booleans stay."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _option(command: click.Command, key: str) -> str | None:
    """The parameter's name for a key, or None where the command has no such option."""
    wanted = "--" + key.replace("_", "-")
    for parameter in command.params:
        if isinstance(parameter, click.Option) and wanted in parameter.opts:
            return parameter.name
    return None


def _has_option(group: click.Group, ctx: click.Context, name: str, key: str) -> bool:
    command = group.get_command(ctx, name)
    return command is not None and _option(command, key) is not None


def _names(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from (name.removeprefix("--") for name in parameter.opts if name.startswith("--"))
