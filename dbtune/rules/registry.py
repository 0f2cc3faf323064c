"""Every rule there is: found in the folders of this package and in the plug-ins of the entry point ``dbtune.rules``.

Rules that need nothing but logs are registered in ``log_rules``, those for pending migrations in ``migration_rules``;
both are taken in here.

A new rule is one file in the folder of its group, and nothing else has to change:

```python
\"\"\"One line that says what the rule looks for.

Why, an example, how to silence it, the source: this text is the rule's page.
\"\"\"

@rule("index.example", group="index", severity="low", dialects={"postgres"})
def example(ctx: Context) -> Iterator[Finding]: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, wraps
from graphlib import TopologicalSorter
from importlib import import_module
from importlib.metadata import entry_points

import dbtune.rules
from dbtune.model.errors import UsageError
from dbtune.model.plan import Confidence
from dbtune.model.recommendation import Severity
from dbtune.model.snapshot import Dialect
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.log_findings import checked
from dbtune.rules.log_rules import ENTRY_POINTS, GROUP, LogRule, log_rules
from dbtune.rules.migration_rules import MigrationRule, migration_rules
from dbtune.rules.pages import did_you_mean, page_of, url_of

Check = Callable[[Context], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A rule: what it is called, when it applies, and the function that looks."""

    id: str
    group: str
    severity: Severity
    """The usual one; a finding may have another."""
    dialects: frozenset[Dialect]
    confidence: Confidence
    """The best grade of proof that its findings reach."""
    after: tuple[str, ...]
    """Rules whose findings it takes into account, and which therefore look first."""
    check: Check
    page: str
    """Markdown, from the module's docstring; its first line says in one sentence what the rule looks for."""

    @property
    def summary(self) -> str:
        return self.page.strip().splitlines()[0]

    @property
    def url(self) -> str:
        return url_of(self.id)


_registered: dict[str, Rule] = {}


def rule(
    id: str,  # noqa: A002
    *,
    group: str,
    severity: Severity = "medium",
    dialects: Iterable[Dialect] = ("postgres",),
    confidence: Confidence = "proven",
    after: Sequence[str] = (),
) -> Callable[[Check], Check]:
    """Register the decorated function. Its module's docstring is the rule's page."""

    def register(check: Check) -> Check:
        page = page_of(check.__module__, id)
        _registered[id] = Rule(id, group, severity, frozenset(dialects), confidence, tuple(after), check, page)
        return check

    return register


@cache
def all_rules() -> Mapping[str, Rule]:
    """All rules by id, each after those it takes into account, else in alphabetical order."""
    for package in pkgutil.iter_modules(dbtune.rules.__path__, "dbtune.rules."):
        if package.ispkg:
            folder = import_module(package.name)
            for module in pkgutil.iter_modules(folder.__path__, f"{package.name}."):
                import_module(module.name)
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
    _registered.update({one.id: _of_logs(one) for one in log_rules().values()})
    _registered.update({one.id: of_migrations(one) for one in migration_rules().values()})
    sorter = TopologicalSorter({one.id: set(one.after) & set(_registered) for one in _registered.values()})
    sorter.prepare()
    ordered: dict[str, Rule] = {}
    while sorter.is_active():
        for name in sorted(sorter.get_ready()):
            ordered[name] = _registered[name]
            sorter.done(name)
    return ordered


def chosen_rules(only: Sequence[str], skip: Sequence[str], dialect: Dialect) -> tuple[Rule, ...]:
    """Rules for the dialect, of these ids or groups, without those. Raises UsageError for a name that is neither."""
    rules = all_rules().values()
    known = {rule.id for rule in rules} | {rule.group for rule in rules}
    for name in (*only, *skip):
        if name not in known:
            raise UsageError(f"no rule or group '{name}'{did_you_mean(name, known)}")

    def named(rule: Rule, names: Sequence[str]) -> bool:
        return rule.id in names or rule.group in names

    return tuple(
        rule for rule in rules if dialect in rule.dialects and (not only or named(rule, only)) and not named(rule, skip)
    )


def find_rule(id: str) -> Rule:  # noqa: A002
    """The rule of that id. Raises UsageError where there is none."""
    found = all_rules().get(id)
    if found is None:
        raise UsageError(f"no rule '{id}'{did_you_mean(id, all_rules())}")
    return found


def _of_logs(one: LogRule) -> Rule:
    return Rule(one.id, GROUP, one.severity, one.dialects, "heuristic", one.after, checked(one), one.page)


def of_migrations(one: MigrationRule) -> Rule:
    """As one of all rules; in an analysis, where nothing is about to change, it sees nothing."""

    @wraps(one.check)
    def nothing(ctx: Context) -> Iterator[Finding]:
        return iter(())

    return Rule(one.id, one.group, one.severity, one.dialects, one.confidence, (), nothing, one.page)
