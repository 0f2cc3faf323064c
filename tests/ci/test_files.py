"""``action.yml``, the hook and the examples of the handbook: valid by the schemas of those who read them, and run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.running import clean_environment

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"
HANDBOOK = ROOT / "docs" / "ci.md"
PROGRAMS = Path(sys.executable).parent


def tool(name: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [PROGRAMS / name, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def example(heading: str, folder: Path, name: str) -> Path:
    """The YAML below a heading of the handbook, as a file."""
    found = re.search(rf"^## {heading}$.*?^```yaml\n(.*?)^```$", HANDBOOK.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    path = folder / name
    path.write_text(found[1])
    return path


def test_the_action_follows_the_schema_and_has_no_weakness_that_zizmor_knows() -> None:
    tool("check-jsonschema", "--builtin-schema", "vendor.github-actions", ACTION)
    tool("zizmor", "--offline", "--quiet", ACTION)


def test_the_hook_is_a_manifest_of_pre_commit() -> None:
    tool("pre-commit", "validate-manifest", HOOKS)


def test_the_examples_of_the_handbook_follow_the_schemas(tmp_path: Path) -> None:
    workflow = example("GitHub", tmp_path, "workflow.yml")
    tool("check-jsonschema", "--builtin-schema", "vendor.github-workflows", workflow)
    inputs = {
        line.split(":")[0] for line in workflow.read_text().split("uses: OWNER")[1].split("- uses")[0].split("\n")
    }
    assert {name.strip() for name in inputs if name.startswith(" " * 10)} <= set(load(ACTION)["inputs"])
    tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", example("GitLab", tmp_path, "gitlab.yml"))
    tool("pre-commit", "validate-config", example("pre-commit", tmp_path, "config.yaml"))


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text())


def test_the_handbook_names_all_inputs() -> None:
    told = HANDBOOK.read_text().split("Inputs:")[1].split("\n\n")[0]
    assert {name for name in load(ACTION)["inputs"] if f"`{name}`" not in told} == set()


@dataclass
class Runner:
    """GitHub's runner as far as the steps see it. ``dbtune`` and ``gh`` are scripts that note what they are told."""

    folder: Path

    def __post_init__(self) -> None:
        (self.folder / "dbtune" / "bin").mkdir(parents=True)
        self._program(
            "dbtune/bin/dbtune", 'echo "<!-- marker -->" > "$RUNNER_TEMP/dbtune.pr.md"\nexit "${DBTUNE_STATUS:-0}"'
        )
        (self.folder / "bin").mkdir()
        self._program("bin/gh", 'case " $* " in *" --paginate "*) cat "$COMMENTS";; esac')
        (self.folder / "event.json").write_text('{"pull_request": {"number": 7}}')

    def _program(self, name: str, body: str) -> None:
        path = self.folder / name
        path.write_text(f'#!/bin/bash\nprintf "%s\\0" {Path(name).name} "$@" >> "$CALLS"\necho >> "$CALLS"\n{body}\n')
        path.chmod(0o755)

    def step(self, name: str, env: dict[str, str], comments: str = "[]") -> tuple[int, list[list[str]]]:
        """The exit status of a step of the action, and the programs that it called."""
        script = next(step for step in load(ACTION)["runs"]["steps"] if step["name"] == name)["run"]
        calls = self.folder / "calls"
        calls.write_text("")
        (self.folder / "comments.json").write_text(comments)
        given = {
            "RUNNER_TEMP": str(self.folder),
            "CALLS": str(calls),
            "COMMENTS": str(self.folder / "comments.json"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_REPOSITORY": "shop/web",
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            **env,
        }
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            env=clean_environment(**given),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, [line.split("\0")[:-1] for line in calls.read_text().split("\n") if line]


needs_jq = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed here; GitHub's runners have it")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


INPUTS = {"TARGET": "shop.json", "FAIL_ON": "medium", "SARIF": "dbtune.sarif"}
EMPTY = {"FILES": "", "WORKLOAD": "", "BASELINE": "", "ARGS": ""}


def test_the_action_hands_its_inputs_on_one_a_line_and_nothing_is_evaluated(runner: Runner) -> None:
    status, calls = runner.step(
        "Check",
        {
            **INPUTS,
            "FILES": "db/migrations\n\n db/$(touch x) *.sql\n",
            "WORKLOAD": "a b.sql\nc.sql",
            "BASELINE": "known.json",
            "ARGS": "--only\nindex",
            "DBTUNE_STATUS": "1",
        },
    )
    assert status == 1
    (call,) = calls
    assert call[:4] == ["dbtune", "check", "--format", "github"]
    assert call[call.index("--baseline") :] == [
        *("--baseline", "known.json", "--workload", "a b.sql", "--workload", "c.sql", "--only", "index"),
        *("--", "shop.json", "db/migrations", " db/$(touch x) *.sql"),
    ]
    assert (runner.folder / "output").read_text() == "status=1\n"


def test_the_action_with_the_least_inputs(runner: Runner) -> None:
    status, ((*_, last_but_one, last),) = runner.step("Check", {**INPUTS, **EMPTY})
    assert (status, last_but_one, last) == (0, "--", "shop.json")


@needs_jq
def test_a_comment_is_made_once_and_replaced_from_then_on(runner: Runner) -> None:
    runner.step("Check", {**INPUTS, **EMPTY})
    others = [{"id": 1, "body": "looks good"}, {"id": 2, "body": "see <!-- marker -->"}]
    status, calls = runner.step("Comment", {}, json.dumps(others))
    assert status == 0
    body = f"body=@{runner.folder / 'dbtune.pr.md'}"
    assert calls[1] == ["gh", "api", "--silent", "repos/shop/web/issues/7/comments", "-F", body]
    pages = json.dumps(others) + json.dumps([{"id": 3, "body": "<!-- marker -->\n## dbtune"}])
    status, calls = runner.step("Comment", {}, pages)
    assert status == 0
    assert calls[1] == ["gh", "api", "--silent", "-X", "PATCH", "repos/shop/web/issues/comments/3", "-F", body]


@needs_jq
def test_no_comment_without_a_pull_request_or_a_report(runner: Runner) -> None:
    assert runner.step("Comment", {}) == (0, [])
    runner.step("Check", {**INPUTS, **EMPTY})
    (runner.folder / "event.json").write_text("{}")
    assert runner.step("Comment", {}) == (0, [])
