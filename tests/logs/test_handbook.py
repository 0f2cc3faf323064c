"""The handbook names all that there is."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from dbtune.cli import digest
from dbtune.logs.registry import formats, wrappers

DOCS = Path(__file__).parents[2] / "docs"
OPTIONS = [parameter for parameter in digest.command.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize("name", [*formats(), *wrappers()])
def test_each_format_and_envelope_is_in_the_handbook(name: str) -> None:
    assert f"`{name}`" in (DOCS / "digest.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["digest.md", "cli.md"])
def test_each_option_is_in_the_handbook(page: str) -> None:
    section = (DOCS / page).read_text(encoding="utf-8").partition("## digest" if page == "cli.md" else "## Options")[2]
    for option in OPTIONS:
        assert option.opts[-1] in section, option.opts


@pytest.mark.parametrize("name", ["--log", "--log-format", "--log-line-prefix", "--log-database"])
def test_options_of_other_commands_about_logs_are_in_the_handbook(name: str) -> None:
    assert f"`{name}" in (DOCS / "cli.md").read_text(encoding="utf-8").partition("## analyze")[2]
