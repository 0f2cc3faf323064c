"""Rules that look at pending migrations: their registry, and their place among all rules.

A new one is one file in ``dbtune/rules/migration``:

```python
\"\"\"One line that says what the rule looks for. …\"\"\"

@migration_rule("migration.example", severity="medium")
def example(ctx: MigrationContext) -> Iterator[Finding]: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import dbtune.rules.migration
from dbtune.model.plan import Confidence
from dbtune.model.recommendation import Severity
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.pages import page_of

GROUP = "migration"

MigrationCheck = Callable[[MigrationContext], Iterator[Finding]]


@dataclass(frozen=True)
class MigrationRule:
    """A rule for migrations; all are of the group ``migration``."""

    id: str
    severity: Severity
    confidence: Confidence
    check: MigrationCheck
    page: str


_registered: dict[str, MigrationRule] = {}


def migration_rule(
    id: str,  # noqa: A002
    *,
    severity: Severity,
    confidence: Confidence = "proven",
) -> Callable[[MigrationCheck], MigrationCheck]:
    """Register the decorated function. Its module's docstring is the rule's page."""

    def register(check: MigrationCheck) -> MigrationCheck:
        _registered[id] = MigrationRule(id, severity, confidence, check, page_of(check.__module__, id))
        return check

    return register


@cache
def migration_rules() -> Mapping[str, MigrationRule]:
    """All rules by id, in alphabetical order."""
    for module in pkgutil.iter_modules(dbtune.rules.migration.__path__, f"{dbtune.rules.migration.__name__}."):
        import_module(module.name)
    return dict(sorted(_registered.items()))
