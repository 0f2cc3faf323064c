"""The program's frame: help, versions, unknown names, options from the environment and from files."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dbtune as package
from dbtune.cli.main import COMMANDS
from tests.cli.running import Run, clean_environment, dbtune

Here = Callable[..., Run]
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def test_version_and_help() -> None:
    assert dbtune("--version").out == f"dbtune {package.__version__}\n"
    run = dbtune("--help")
    assert run.status == 0
    for name in COMMANDS:
        assert f"\n  {name} " in run.out


def test_help_loads_neither_drivers_nor_parsers() -> None:
    code = (
        "import sys; from dbtune.cli.main import run; run(['--help']); "
        "print([m for m in ('psycopg', 'sqlglot', 'sqlalchemy', 'rich.console', 'msgspec') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_help_is_fast() -> None:
    started = time.monotonic()
    dbtune("--help")
    assert time.monotonic() - started < 2  # 0.15 s on an idle machine


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, here: Here) -> None:
    run = here(command, "--help")
    assert run.status == 0, run.err
    assert run.out.startswith(f"Usage: dbtune {command} ")
    assert "--verbose" in run.out


def test_no_command_shows_the_help() -> None:
    run = dbtune()
    assert run.status == 2
    assert "Commands:" in run.err


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["anlyze", "x"], "did you mean 'analyze'?"),
        (["--verson"], "--version"),
        (["analyze", "x", "--plannr", "shadow"], "'--planner'"),
        (["analyze"], "dbtune analyze --help"),
        (["analyze", "x", "--planner", "oracle"], "'shadow'"),
        (["analyze", "x", "--format", "pdf"], "'markdown'"),
        (["analyze", "x", "--budget", "lots"], "500MB"),
        (["analyze", "x", "--min-gain", "200"], "0 to 100"),
        (["analyze", "x", "--top", "0"], "--top"),
        (["analyze", "x", "--fail-on", "everything"], "'high'"),
        (["analyze", "x", "--workload", "missing.sql"], "no such file"),
        (["analyze", NOWHERE, "-o", "report.doc"], ".json"),
        (["analyze", NOWHERE, "-o", "/proc/nothing/report.json"], "no folder"),
        (["analyze", NOWHERE, "-o", "/proc/report.json"], "/proc/report.json"),
        (["analyze", NOWHERE, "-o", "/dev/null", "--format", "json"], "not a regular file"),
        (["analyze", NOWHERE, "--only", "index.mising"], "index.missing"),
        (["analyze", NOWHERE, "--skip", "indx"], "index"),
        (["analyze", "oracle://x/y"], "postgresql://"),
        (["analyze", "missing.json"], "missing.json"),
    ],
)
def test_wrong_usage_is_one_line_that_helps(arguments: list[str], hint: str, here: Here) -> None:
    assert hint in here(*arguments).assert_one_line_error(2)


def test_options_from_the_environment(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBTUNE_ANALYZE_BUDGET", "DBTUNE_BUDGET"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "lots")
            assert "--budget" in here("analyze", NOWHERE).assert_one_line_error(2)
    monkeypatch.setenv("DBTUNE_URL", NOWHERE)
    assert "127.0.0.1:1" in here("analyze").assert_one_line_error(3)


@pytest.mark.parametrize("name", ["dbtune.toml", "pyproject.toml"])
def test_options_from_a_file_above(name: str, tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    table = "" if name == "dbtune.toml" else "tool.dbtune."
    (tmp_path / name).write_text(f'[{table}analyze]\nbudget = "lots"\n')
    error = here("analyze", NOWHERE).assert_one_line_error(2)
    assert "--budget" in error
    assert str(tmp_path / name) in error
    # the command line wins over the environment, the environment over the file
    here("analyze", NOWHERE, "--budget", "1GB").assert_one_line_error(3)
    monkeypatch.setenv("DBTUNE_BUDGET", "1GB")
    here("analyze", NOWHERE).assert_one_line_error(3)


def test_good_files_are_quiet(tmp_path: Path, here: Here) -> None:
    (tmp_path / "dbtune.toml").write_text(
        'verbose = false\nprivacy = "hash"\n[analyze]\nbudget = 1000000\nmin-gain = 0.5\nskip = ["index.unused"]\n'
        'workload = ["w.sql"]\nwith_server_workload = true\n[collect]\nsamples = true\n'
    )
    (tmp_path / "w.sql").write_text("SELECT 1;")
    here("analyze", NOWHERE).assert_one_line_error(3)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("budgte = 5", ["unknown key 'budgte'", "'budget'"]),
        ("[analyze]\nplaner = 'x'", ["unknown key 'planer' in [analyze]", "'planner'"]),
        ("analyze = 5", ["must be a table"]),
        ("budget = ]", ["line 1"]),
        ("[analyse]\nplanner = 'shadow'", ["unknown key 'analyse'", "'analyze'"]),
    ],
)
def test_a_wrong_file_is_named_with_its_key(content: str, words: list[str], tmp_path: Path, here: Here) -> None:
    (tmp_path / "dbtune.toml").write_text(content)
    error = here("analyze", NOWHERE).assert_one_line_error(2)
    assert str(tmp_path / "dbtune.toml") in error
    for word in words:
        assert word in error


def test_a_pyproject_of_others_is_none_of_ours(tmp_path: Path, here: Here) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.other]\nbudgte = 5\n")
    here("analyze", NOWHERE).assert_one_line_error(3)


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "dbtune", "rules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 141
