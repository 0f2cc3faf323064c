from __future__ import annotations

import json

import pytest

from dbtune.cli.main import run
from dbtune.rules.registry import all_rules


def test_the_list_names_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules"]) == 0
    output = capsys.readouterr().out
    assert all(rule in output for rule in all_rules())


def test_a_page_says_how_to_silence_the_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "index.unused"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("# index.unused\n")
    assert '[[silence]]\nrules = ["index.unused"]' in output


@pytest.mark.parametrize("arguments", [[], ["index.unused"]])
def test_json_is_json(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", *arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    first = found if arguments else next(one for one in found if one["id"] == "index.unused")
    assert first["group"] == "index"
    assert first["dialects"] == ["mariadb", "mysql", "postgres"]


def test_an_unknown_rule_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rules", "index.unusd"]) == 2
    assert capsys.readouterr().err == "dbtune: error: no rule 'index.unusd'; did you mean 'index.unused'?\n"
