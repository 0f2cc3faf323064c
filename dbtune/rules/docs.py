"""Writes docs/rules: a page for each rule and the list of all, from the docstrings.

Run ``python -m dbtune.rules.docs [FOLDER]``; with ``--check`` nothing is written, and the exit status is 1 where a page
is not what the rules say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from dbtune.rules.migration_rules import migration_rules
from dbtune.rules.registry import Rule, all_rules

FOLDER = Path("docs/rules")
NAMES = {"postgres": "Postgres", "mysql": "MySQL", "mariadb": "MariaDB"}
INDEX = "index.md"

AT_LINES = frozenset({"index.missing"})
"""Rules beside those for changes whose findings may stand at a line of an SQL file."""


def pages() -> Mapping[str, str]:
    """File name to Markdown."""
    rules = sorted(all_rules().values(), key=lambda rule: rule.id)
    return {INDEX: "\n".join(_list(rules)) + "\n", **{f"{rule.id}.md": page(rule) for rule in rules}}


def page(rule: Rule) -> str:
    """The page of one rule, Markdown."""
    return "\n".join(_page(rule)) + "\n"


def dialect_words(rule: Rule) -> str:
    return ", ".join(NAMES[dialect] for dialect in sorted(rule.dialects))


def _page(rule: Rule) -> Iterator[str]:
    yield f"# {rule.id}"
    yield ""
    yield f"Group `{rule.group}`, usual severity {rule.severity}, {rule.confidence}, {dialect_words(rule)}."
    yield ""
    yield rule.page.strip()
    yield ""
    yield "## How to silence it"
    yield ""
    if rule.id in AT_LINES or rule.id in migration_rules():
        yield f"Above the statement, or at the end of its last line: `-- dbtune: ignore {rule.id} the reason`."
        yield ""
    command = "check" if rule.id in migration_rules() else "analyze"
    yield f"For one run `dbtune {command} --skip {rule.id}`; for good, in `dbtune.toml`:"
    yield ""
    yield "```toml"
    yield "[[silence]]"
    yield f'rules = ["{rule.id}"]'
    yield 'reason = "…"   # needed; tables, indexes, files and until narrow it: docs/ci.md'
    yield "```"


def _list(rules: list[Rule]) -> Iterator[str]:
    yield "# Rules"
    yield ""
    yield "`dbtune rules` prints this list, `dbtune rules ID` a page. `--only` and `--skip` take ids and groups."
    yield ""
    yield "| rule | looks for | severity | grade | dialects |"
    yield "|---|---|---|---|---|"
    for rule in rules:
        link = f"[{rule.id}]({rule.id}.md)"
        yield f"| {link} | {rule.summary} | {rule.severity} | {rule.confidence} | {dialect_words(rule)} |"
    yield ""
    yield (
        "Grades: `proven` where the planner was asked for the workload with and without the change; `estimated` by a "
        "model; `heuristic` by a known pattern. A finding of severity `info` is to be known; it has no SQL to run."
    )


def main(arguments: list[str]) -> int:
    """Write the pages, or compare them with what is there."""
    check = "--check" in arguments
    named = [argument for argument in arguments if not argument.startswith("-")]
    folder = Path(named[0]) if named else FOLDER
    wanted = pages()
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} if folder.is_dir() else {}
    if check:
        wrong = sorted({*wanted, *present} - {name for name, text in wanted.items() if present.get(name) == text})
        if wrong:
            names = ", ".join(wrong)
            print(f"{folder}: not as the rules say, run python -m dbtune.rules.docs: {names}", file=sys.stderr)
        return 1 if wrong else 0
    folder.mkdir(parents=True, exist_ok=True)
    for name in present.keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
