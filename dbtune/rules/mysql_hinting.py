"""Hints that keep an index out of a statement of MySQL or MariaDB, in the form that the server's version has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dbtune.connect.mysql_abilities import MySQLAbility, ServerVersion
from dbtune.ddl.mysql_quoting import identifier
from dbtune.model.access import StatementFacts
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Aside, Report
from dbtune.model.schema import Index
from dbtune.rules.index.missing import MISSING
from dbtune.rules.mysql_rewriting import Edit
from dbtune.rules.mysql_tables import hinted_indexes
from dbtune.sql.mysql_hints import without_by_clause, without_by_comment

KEEP_INDEX_OUT = "query.keep-index-out"
"""The rule that recommends the hints."""

Places = Iterable[tuple[QualifiedName, str]]
"""Each index's table and name."""


@dataclass(frozen=True)
class Hinting:
    """Of one server."""

    by_comment: bool
    """Whether the optimiser takes ``/*+ NO_INDEX(…) */``; else it is ``IGNORE INDEX (…)``."""

    @classmethod
    def of(cls, version: ServerVersion) -> Hinting:
        return cls(version.has(MySQLAbility.NO_INDEX_HINT))

    def edit(self, indexes: Places) -> Edit:
        """Puts the hints into a statement's text; None where it does not read one of the tables by its name."""
        by_table: dict[QualifiedName, list[str]] = {}
        for table, name in indexes:
            by_table.setdefault(table, []).append(name)
        without = without_by_comment if self.by_comment else without_by_clause

        def edited(sql: str) -> str | None:
            text: str | None = sql
            for table, names in by_table.items():
                text = None if text is None else without(text, table, names)
            return text

        return edited

    def words(self, facts: StatementFacts, indexes: Sequence[Index]) -> str:
        """What is to be put where in the statement."""
        return " and ".join(self._hint(facts, index) for index in indexes)

    def _hint(self, facts: StatementFacts, index: Index) -> str:
        name, table = identifier(index.name), index.table.name
        aliases = sorted({use.alias for use in facts.uses if use.table == index.table})
        if self.by_comment:
            hints = " ".join(f"NO_INDEX({identifier(alias)} {name})" for alias in aliases)
            return f"/*+ {hints} */ behind the SELECT that reads {table}"
        return f"IGNORE INDEX ({name}) behind {'each ' if len(aliases) > 1 else ''}{table}"

    @property
    def order_words(self) -> str:
        """When the statement is to be changed, beside building and dropping the index."""
        if self.by_comment:
            return "The hint can be there before the index, and after it: without it, it is passed over."
        return "The statement fails where there is no such index (error 1176): change it after the index is built."


def places(indexes: Iterable[Index]) -> Places:
    return [(index.table, index.name) for index in indexes]


def recommended_hints(report: Report, version: ServerVersion) -> dict[str, Edit]:
    """By fingerprint, what puts the hints that the report recommends into a statement's text."""
    hinting = Hinting.of(version)
    return {
        statement.fingerprint: hinting.edit(_named(report, one.sql.asides))
        for one in report.recommendations
        if one.rule == KEEP_INDEX_OUT
        for statement in one.evidence.statements
    }


def _named(report: Report, asides: Sequence[Aside]) -> list[tuple[QualifiedName, str]]:
    """The report's new indexes that the hints of the asides' statements name."""
    names = {name for aside in asides for name in hinted_indexes(aside.text)}
    new = [one.object for one in report.recommendations if one.rule == MISSING]
    return [
        (QualifiedName(o.schema, o.table), o.index) for o in new if o.index is not None and o.index.lower() in names
    ]
