"""What a statement of MySQL or MariaDB would cost with one part of its text written another way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dbtune.model.access import Join, RelationUse
from dbtune.model.errors import PlanFailed
from dbtune.model.recommendation import StatementEvidence
from dbtune.model.schema import Index, Table
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.context import Context
from dbtune.rules.ledger import statement_evidence
from dbtune.rules.mysql_tables import is_visible
from dbtune.sql.mysql_edits import with_converted_column, with_quoted_numbers
from dbtune.sql.mysql_full_text import with_full_text

LEAST_GAIN = 0.05
"""Share of a statement's cost below which another way of writing it is no gain."""

Edit = Callable[[str], str | None]
"""A statement's text to the changed one; None where there is nothing to change."""


class Rewritten:
    """The statement with all its texts edited, and both costs."""

    def __init__(self, planned: PlannedStatement, before: StatementCost, after: StatementCost) -> None:
        self.planned, self.before, self.after = planned, before, after

    @property
    def is_gain(self) -> bool:
        return self.after.cost < (1 - LEAST_GAIN) * self.before.cost

    @property
    def saved(self) -> float:
        """Calls times cost."""
        return self.planned.calls * (self.before.cost - self.after.cost)

    @property
    def evidence(self) -> StatementEvidence:
        return statement_evidence(self.planned, self.before, self.after)


def rewritten(
    ctx: Context, planned: PlannedStatement, edit: Edit, name: str, index: Index | None = None
) -> Rewritten | None:
    """None where the edit changes nothing in it, or the result cannot be planned. ``name`` tells edits apart.

    ``index``: a new one that is to be there then.
    """
    edited = tuple(
        replace(instance, sql=text) for instance in planned.instances if (text := edit(instance.sql)) is not None
    )
    if not edited:
        return None
    configuration = ctx.configuration if index is None else ctx.configuration.with_index(index)
    statement = replace(planned.statement, fingerprint=f"{planned.fingerprint} {name}")
    try:
        after = ctx.gate.cost(replace(planned, statement=statement, instances=edited), configuration)
    except PlanFailed:
        return None
    return Rewritten(planned, ctx.ledger.costs[planned.fingerprint], after)


def quoting(use: RelationUse, column: str) -> Edit:
    """Numbers that the column is compared with become strings."""
    names = names_of(use)
    return lambda sql: with_quoted_numbers(sql, names, column)


def converting_other_side(use: RelationUse, join: Join, template: str) -> Edit:
    """The other side of the join is put into the template."""
    near = names_of(use), join.column
    far = frozenset({join.other_alias.lower(), join.other_table.name.lower()}), join.other_column
    return lambda sql: with_converted_column(sql, near, far, template)


def searching_words(use: RelationUse, column: str, shortest: int) -> Edit:
    """``LIKE '%word%'`` of the column becomes a search for words of so many characters or more."""
    names = names_of(use)
    return lambda sql: with_full_text(sql, names, column, shortest)


def names_of(use: RelationUse) -> frozenset[str]:
    """What a column of the use can be qualified by, in lower case."""
    return frozenset({use.alias.lower(), use.table.name.lower()})


def leading_index(table: Table, column: str) -> Index | None:
    """An index that the column begins and that plans may use."""
    for index in table.indexes:
        first = index.keys[0]
        if index.method == "btree" and first.column == column and is_visible(index):
            return index
    return None
