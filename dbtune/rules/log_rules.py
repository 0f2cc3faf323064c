"""The rules that need nothing but a digest of logs: no database, no planner, no parser.

A new one is one file in ``dbtune/rules/log``, and nothing else has to change. ``dbtune rules`` and an analysis with
logs know it as well.

```python
\"\"\"One line that says what the rule looks for.

Why, an example, when not to follow it, the source: this text is the rule's page.
\"\"\"

@log_rule("log.example", severity="low")
def example(digest: Digest) -> Iterator[Found]: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

import dbtune.rules.log
from dbtune.model.digest import Digest, LogFinding
from dbtune.model.errors import UsageError
from dbtune.model.recommendation import SEVERITIES, Severity
from dbtune.model.snapshot import Dialect
from dbtune.rules.pages import did_you_mean, page_of, url_of

ENTRY_POINTS = "dbtune.rules"
GROUP = "log"

ALL_DIALECTS: tuple[Dialect, ...] = ("postgres", "mysql", "mariadb")

HIGH_SHARE, MEDIUM_SHARE = 0.1, 0.01
"""Shares of the logs' time, as those of the workload's cost in index.missing."""


@dataclass(frozen=True)
class Found:
    """What a rule sees in a digest. ``find`` adds the rule's id, group and page."""

    title: str
    reason: str
    """One or two sentences with the numbers."""
    advice: str
    """What to do about it, in one sentence."""
    fingerprints: tuple[str, ...] = ()
    """Of the statements that it is about."""
    severity: Severity | None = None
    """None: the rule's usual one."""
    share: float = 0.0
    """Of the logs' time, 0 to 1: of findings that are as severe, the larger one is listed first."""
    key: str = ""
    """What tells two findings of one rule on one statement apart, the same in every run."""


LogCheck = Callable[[Digest], Iterator[Found]]


@dataclass(frozen=True)
class LogRule:
    """A rule: what it is called, when it applies, and the function that looks."""

    id: str
    severity: Severity
    """The usual one; a finding may have another."""
    dialects: frozenset[Dialect]
    after: tuple[str, ...]
    """Rules that ask the planner: where what they advise makes the statement cheaper, this one has nothing to add."""
    check: LogCheck
    page: str
    """Markdown, from the module's docstring."""

    def finding(self, found: Found) -> LogFinding:
        """What the digest holds of it."""
        return LogFinding(
            rule=self.id,
            group=GROUP,
            severity=found.severity or self.severity,
            title=found.title,
            reason=found.reason,
            advice=found.advice,
            fingerprints=found.fingerprints,
            docs=url_of(self.id),
        )


_registered: dict[str, LogRule] = {}


def log_rule(
    id: str,  # noqa: A002
    *,
    severity: Severity = "medium",
    dialects: Iterable[Dialect] = ALL_DIALECTS,
    after: Sequence[str] = (),
) -> Callable[[LogCheck], LogCheck]:
    """Register the decorated function. Its module's docstring is the rule's page."""

    def register(check: LogCheck) -> LogCheck:
        page = page_of(check.__module__, id)
        _registered[id] = LogRule(id, severity, frozenset(dialects), tuple(after), check, page)
        return check

    return register


@cache
def log_rules() -> Mapping[str, LogRule]:
    """All rules by id, in alphabetical order; those of plug-ins too."""
    for module in pkgutil.iter_modules(dbtune.rules.log.__path__, f"{dbtune.rules.log.__name__}."):
        import_module(module.name)
    for entry in entry_points(group=ENTRY_POINTS):
        entry.load()
    return dict(sorted(_registered.items()))


def find(digest: Digest, only: Sequence[str] = (), skip: Sequence[str] = ()) -> tuple[LogFinding, ...]:
    """What the rules see in the digest: the most severe first, of those what takes the largest share of the time.

    ``only`` and ``skip`` are ids, or the group ``log``. Raises UsageError for a name that is neither.
    """
    rules = log_rules()
    for name in (*only, *skip):
        if name not in rules and name != GROUP:
            raise UsageError(f"no rule '{name}' for logs{did_you_mean(name, [*rules, GROUP])}")
    seen: list[tuple[int, float, LogFinding]] = []
    for rule in rules.values():
        names = {rule.id, GROUP}
        if digest.dialect in rule.dialects and (not only or names & set(only)) and not names & set(skip):
            for found in rule.check(digest):
                finding = rule.finding(found)
                seen.append((SEVERITIES.index(finding.severity), -found.share, finding))
    return tuple(finding for _, _, finding in sorted(seen, key=lambda one: one[:2]))


def severity_of(share: float) -> Severity:
    """High, medium or low by a share of the logs' time."""
    return "high" if share >= HIGH_SHARE else "medium" if share >= MEDIUM_SHARE else "low"
