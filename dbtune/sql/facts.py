"""All that can be read from one statement's text, resolved to the snapshot's tables and columns."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from dbtune.model.access import StatementFacts, StatementKind
from dbtune.model.snapshot import Dialect, Snapshot
from dbtune.sql.expressions import strip_query
from dbtune.sql.lexing import tokens
from dbtune.sql.parsing import MYSQL_UTILITY_WORDS, UTILITY_WORDS, Parsed, Unparsable, parse
from dbtune.sql.queries import analyse_query
from dbtune.sql.scopes import Gathered, QueryResult, Scope
from dbtune.sql.writes import analyse_write

_WRITES: dict[type[exp.Expr], StatementKind] = {
    exp.Insert: "insert",
    exp.Update: "update",
    exp.Delete: "delete",
    exp.Merge: "merge",
}

FIRST_WORD_WITHIN = (40, 400)
"""Characters that the first word stands in: without comments before it in the former, else in the latter."""


def statement_facts(text: str, snapshot: Snapshot, search_path: Sequence[str] | None = None) -> StatementFacts:
    """Predicates, joins, order, writes of one statement. Never raises for bad SQL: see ``parsed`` and ``unresolved``.

    ``search_path`` is the session's, where the workload knows it; the snapshot's otherwise. Literals matter here (the
    value of a predicate, the start of a LIKE pattern): give a sample where there is one.
    """
    if is_utility(text, snapshot.server.dialect):
        return StatementFacts("utility")
    try:
        _, gathered, kind = analyse(text, snapshot, search_path)
    except Unparsable as error:
        return StatementFacts("unknown", parsed=False, unresolved=(str(error),))
    return StatementFacts(
        kind,
        uses=tuple(use.finished() for use in gathered.uses),
        writes=tuple(dict.fromkeys(gathered.writes)),
        unresolved=tuple(gathered.notes),
    )


def is_utility(text: str, dialect: Dialect = "postgres") -> bool:
    """Whether the statement is none that is planned (by its first word)."""
    for length in FIRST_WORD_WITHIN:
        found = tokens(text[:length], dialect)
        if found and found[0].end < length:
            break
    known = UTILITY_WORDS if dialect == "postgres" else MYSQL_UTILITY_WORDS
    return bool(found) and found[0].word in known


def analyse(
    text: str, snapshot: Snapshot, search_path: Sequence[str] | None = None
) -> tuple[Parsed, Gathered, StatementKind]:
    """The tree and what has been gathered from it. Raises Unparsable."""
    parsed = parse(text, snapshot.server.dialect)
    gathered = Gathered(snapshot, search_path or snapshot.search_path, analyse_node)
    try:
        return parsed, gathered, _analyse(parsed, gathered)
    except RecursionError:
        raise Unparsable("the statement is nested too deeply") from None
    except (AttributeError, TypeError):  # of broken SQL the parser may make a tree with parts missing
        raise Unparsable("the parser does not know this syntax") from None


def analyse_node(node: exp.Expr, outer: Scope, *, demanded: bool = False) -> QueryResult:
    """Analyse a query or a data-modifying statement that stands in ``outer``."""
    node = strip_query(node)
    if type(node) in _WRITES:
        return analyse_write(node, outer)
    return analyse_query(node, outer, demanded=demanded)


def _analyse(parsed: Parsed, gathered: Gathered) -> StatementKind:
    kind = _WRITES.get(type(parsed.tree))
    if kind is None and not isinstance(parsed.tree, (exp.Query, exp.Values)):
        return "utility"
    Scope(gathered, parsed).analyse(parsed.tree, demanded=True)
    return kind or "select"
