"""What a rule yields: a recommendation before it is numbered, and what it would change in the set of indexes."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbtune.model.location import SourceLocation
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.model.schema import Index


@dataclass(frozen=True)
class Finding:
    """A rule's advice on one object. The engine adds the rule's id, group and page."""

    subject: Subject
    title: str
    reason: str
    """One or two sentences in the DBA's language, with numbers and units."""
    evidence: Evidence
    change: Change = field(default_factory=Change)
    risk: str = ""
    severity: Severity | None = None
    """None: the rule's usual one."""
    key: str = ""
    """What tells two findings of one rule on one table apart, the same in every run; the index's name where empty."""
    add: frozenset[Index] = field(default_factory=frozenset)
    """Indexes that the change builds: later rules are asked with them in place."""
    drop: frozenset[QualifiedName] = field(default_factory=frozenset)
    """Indexes that the change drops, by full name: later rules are asked without them."""
    needs: frozenset[QualifiedName] = field(default_factory=frozenset)
    """Indexes that can be used only once the advice is followed, by full name: later rules leave them alone."""
    location: SourceLocation | None = None
    """The line of the user's own files that it is about."""
