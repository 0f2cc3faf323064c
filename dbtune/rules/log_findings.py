"""What the rules for logs see, as findings of an analysis, beside what the planner has proved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps

from dbtune.model.digest import StatementDigest
from dbtune.model.recommendation import Evidence, StatementEvidence, Subject
from dbtune.planner.gate import PlannedStatement
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.log_rules import Found, LogRule

SETTLED = 0.5
"""A statement that other advice makes cheaper by this share needs no more of those rules that only suspect."""


def checked(rule: LogRule) -> Callable[[Context], Iterator[Finding]]:
    """The rule as one of an analysis: it looks at the digest of the run's logs, if there is one."""

    @wraps(rule.check)
    def check(ctx: Context) -> Iterator[Finding]:
        if ctx.digest is None:
            return
        digested = {one.fingerprint: one for one in ctx.digest.statements}
        planned = {one.fingerprint: one for one in ctx.statements}
        for found in rule.check(ctx.digest):
            used = [planned[fingerprint] for fingerprint in found.fingerprints if fingerprint in planned]
            if _is_wanted(ctx, used) and not (rule.after and _is_settled(ctx, used)):
                yield _finding(rule, found, [digested[name] for name in found.fingerprints if name in digested])

    return check


def _is_wanted(ctx: Context, used: list[PlannedStatement]) -> bool:
    """Where the user names schemas: a statement that uses a table of theirs."""
    wanted = ctx.options.schemas
    return not wanted or any(table.schema in wanted for planned in used for table in planned.facts.tables)


def _is_settled(ctx: Context, used: list[PlannedStatement]) -> bool:
    """All that was accepted so far makes each of the statements cheaper by much."""
    return bool(used) and all(
        ctx.ledger.costs[one.fingerprint].cost <= (1 - SETTLED) * ctx.gate.cost(one).cost for one in used
    )


def _finding(rule: LogRule, found: Found, statements: list[StatementDigest]) -> Finding:
    said = rule.finding(found)
    return Finding(
        subject=Subject("", ""),
        title=said.title,
        reason=f"{said.reason} {said.advice}",
        evidence=Evidence(
            "heuristic",
            statements=tuple(
                StatementEvidence(one.fingerprint, one.calls, None, None, one.text, one.total_ms) for one in statements
            ),
        ),
        severity=said.severity,
        key=" ".join((*said.fingerprints, found.key)),
    )
