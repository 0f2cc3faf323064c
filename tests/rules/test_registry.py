from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.model.errors import UsageError
from dbtune.rules import docs
from dbtune.rules.registry import all_rules, chosen_rules, find_rule


def test_rules_are_found_in_the_folders_of_their_groups() -> None:
    rules = all_rules()
    assert {"index.missing", "index.foreign-key", "index.invalid"} <= set(rules)
    for rule in rules.values():
        assert rule.id.startswith(f"{rule.group}.")
        assert rule.check.__module__.startswith((f"dbtune.rules.{rule.group}.", f"dbtune.rules.{rule.group}_mysql."))


def test_a_rule_comes_after_those_it_takes_into_account() -> None:
    order = list(all_rules())
    for rule in all_rules().values():
        for earlier in rule.after:
            assert order.index(earlier) < order.index(rule.id)


def test_rules_are_chosen_by_id_and_by_group() -> None:
    def chosen(only: tuple[str, ...], skip: tuple[str, ...]) -> set[str]:
        return {rule.id for rule in chosen_rules(only, skip, "postgres")}

    index = {name for name, rule in all_rules().items() if rule.group == "index"}
    assert chosen(("index.unused",), ()) == {"index.unused"}
    assert chosen(("index",), ("index.missing",)) == index - {"index.missing"}
    of_postgres = {name for name, rule in all_rules().items() if "postgres" in rule.dialects}
    assert chosen((), ("index",)) == of_postgres - index != set()


def test_rules_of_another_dialect_are_left_out() -> None:
    assert "index.bloated" not in {rule.id for rule in chosen_rules((), (), "mysql")}
    assert "log.examined_rows" not in {rule.id for rule in chosen_rules((), (), "postgres")}


def test_an_unknown_rule_is_wrong_usage_with_what_was_meant() -> None:
    with pytest.raises(UsageError, match=r"no rule or group 'index\.mising'; did you mean 'index\.missing'\?"):
        chosen_rules((), ("index.mising",), "postgres")
    with pytest.raises(UsageError, match=r"no rule 'xyz'; 'dbtune rules' lists all"):
        find_rule("xyz")


@pytest.mark.parametrize("rule_id", sorted(all_rules()))
def test_every_page_says_what_why_an_example_and_the_source(rule_id: str) -> None:
    page = docs.page(all_rules()[rule_id])
    assert all_rules()[rule_id].summary.endswith(".")
    for part in ("## Example", "```sql", "## When not to follow it", "Source: ", f"--skip {rule_id}"):
        assert part in page


def test_the_documentation_is_what_the_rules_say(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(__file__).parents[2] / docs.FOLDER
    assert docs.main([str(folder), "--check"]) == 0, capsys.readouterr().err


def test_a_page_that_is_out_of_date_is_named_and_mended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main([str(tmp_path)]) == 0
    (tmp_path / "index.unused.md").write_text("old")
    (tmp_path / "index.gone.md").write_text("of a rule that is gone")
    assert docs.main([str(tmp_path), "--check"]) == 1
    error = capsys.readouterr().err
    assert "index.gone.md, index.unused.md" in error
    assert docs.main([str(tmp_path)]) == 0
    assert docs.main([str(tmp_path), "--check"]) == 0
