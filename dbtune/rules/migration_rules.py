"""Rules that look at what is about to change, pending migrations and new queries: their registry.

A new one is one file in ``dbtune/rules/migration``, ``dbtune/rules/migration_mysql`` (where it is for MySQL and MariaDB
alone) or ``dbtune/rules/query``:

```python
\"\"\"One line that says what the rule looks for. …\"\"\"

@migration_rule("migration.example", severity="medium")
def example(ctx: MigrationContext) -> Iterator[Finding]: ...
```
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import dbtune.rules.migration
import dbtune.rules.migration_mysql
import dbtune.rules.query
from dbtune.model.plan import Confidence
from dbtune.model.recommendation import Severity
from dbtune.model.snapshot import Dialect
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.pages import page_of

MigrationCheck = Callable[[MigrationContext], Iterator[Finding]]


@dataclass(frozen=True)
class MigrationRule:
    """A rule for what is about to change."""

    id: str
    severity: Severity
    confidence: Confidence
    dialects: frozenset[Dialect]
    check: MigrationCheck
    page: str

    @property
    def group(self) -> str:
        """``migration`` or ``query``: the first part of the id."""
        return self.id.partition(".")[0]


ALL: frozenset[Dialect] = frozenset({"postgres", "mysql", "mariadb"})
MYSQL: frozenset[Dialect] = frozenset({"mysql", "mariadb"})

_registered: dict[str, MigrationRule] = {}


def migration_rule(
    id: str,  # noqa: A002
    *,
    severity: Severity,
    confidence: Confidence = "proven",
    dialects: Iterable[Dialect] = ("postgres",),
) -> Callable[[MigrationCheck], MigrationCheck]:
    """Register the decorated function. Its module's docstring is the rule's page."""

    def register(check: MigrationCheck) -> MigrationCheck:
        _registered[id] = MigrationRule(
            id, severity, confidence, frozenset(dialects), check, page_of(check.__module__, id)
        )
        return check

    return register


@cache
def migration_rules() -> Mapping[str, MigrationRule]:
    """All rules by id, in alphabetical order."""
    for folder in (dbtune.rules.migration, dbtune.rules.migration_mysql, dbtune.rules.query):
        for module in pkgutil.iter_modules(folder.__path__, f"{folder.__name__}."):
            import_module(module.name)
    return dict(sorted(_registered.items()))
