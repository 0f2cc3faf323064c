"""``dbtune rules``: every rule, and one rule's page."""

from __future__ import annotations

import json
import sys

import click
from rich.markdown import Markdown
from rich.table import Table

from dbtune.cli.terminal import current_terminal
from dbtune.rules.docs import dialect_words, page
from dbtune.rules.registry import Rule, all_rules, find_rule


@click.command("rules")
@click.argument("rule_id", metavar="[ID]", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(["terminal", "json", "markdown"]),
    default="terminal",
    show_default=True,
    help="Format on standard output.",
)
def command(rule_id: str | None, form: str) -> None:
    """List the rules, or show the page of one: what it looks for, why, an example, how to silence it."""
    rules = sorted(all_rules().values(), key=lambda rule: rule.id) if rule_id is None else [find_rule(rule_id)]
    if form == "json":
        found = [_fields(rule) for rule in rules]
        click.echo(json.dumps(found if rule_id is None else found[0], indent=2, ensure_ascii=False))
    elif rule_id is None:
        _list(rules, form)
    elif form == "markdown" or not sys.stdout.isatty():
        click.echo(page(rules[0]), nl=False)
    else:
        current_terminal().console().print(Markdown(page(rules[0]), code_theme="ansi_dark"))


def _fields(rule: Rule) -> dict[str, str | list[str]]:
    return {
        "id": rule.id,
        "group": rule.group,
        "severity": rule.severity,
        "confidence": rule.confidence,
        "dialects": sorted(rule.dialects),
        "summary": rule.summary,
        "docs": rule.url,
        "page": page(rule),
    }


def _list(rules: list[Rule], form: str) -> None:
    if form == "markdown":
        click.echo("| rule | severity | looks for |\n|---|---|---|")
        for rule in rules:
            click.echo(f"| {rule.id} | {rule.severity} | {rule.summary} |")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "severity", "grade", "dialects", "looks for"):
        table.add_column(heading, header_style="bold", no_wrap=heading != "looks for")
    for rule in rules:
        table.add_row(rule.id, rule.severity, rule.confidence, dialect_words(rule), rule.summary)
    current_terminal().console().print(table)
