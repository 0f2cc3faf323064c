"""From a statement of the workload to what rules and planner work with: its facts and the texts to plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dbtune.model.access import Predicate, RelationUse, StatementFacts
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Statement
from dbtune.planner.gate import PlannedStatement
from dbtune.sql.facts import statement_facts
from dbtune.sql.parameters import instances

SAMPLES_COMPARED = 5
"""Executions whose literals are compared; one more than differ is never needed, and parsing costs time."""


def read_statement(statement: Statement, snapshot: Snapshot) -> PlannedStatement | None:
    """The statement ready to be planned; None for a utility statement."""
    facts = _facts(statement, snapshot)
    if facts.kind == "utility":
        return None
    return PlannedStatement(statement, facts, instances(statement, facts, snapshot))


def _facts(statement: Statement, snapshot: Snapshot) -> StatementFacts:
    """Read from the first sample, whose literals matter (a LIKE pattern's start, a state), else from the text."""
    path = statement.search_path or None
    if not statement.samples:
        return statement_facts(statement.text, snapshot, path)
    first, *others = statement.samples[:SAMPLES_COMPARED]
    facts = statement_facts(first, snapshot, path)
    return constants_of(facts, (statement_facts(other, snapshot, path) for other in others))


def constants_of(facts: StatementFacts, others: Iterable[StatementFacts]) -> StatementFacts:
    """The facts with only those values that are the same in every execution: any other is a parameter's.

    A partial index on a value that the next call does not ask for would serve nobody.
    """
    uses = facts.uses
    for other in others:
        if len(other.uses) == len(uses):
            uses = tuple(_common_use(one, another) for one, another in zip(uses, other.uses, strict=True))
    return replace(facts, uses=uses)


def _common_use(one: RelationUse, other: RelationUse) -> RelationUse:
    if one.table != other.table or len(one.predicates) != len(other.predicates):
        return one
    pairs = zip(one.predicates, other.predicates, strict=True)
    return replace(one, predicates=tuple(_common(predicate, another) for predicate, another in pairs))


def _common(one: Predicate, other: Predicate) -> Predicate:
    return one if one.value == other.value else replace(one, value=None)
