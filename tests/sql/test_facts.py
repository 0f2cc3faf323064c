"""Facts of statements against what is stored beside them in ``cases/``: see ``described`` for the notation.

``DBTUNE_WRITE_CASES=1`` writes what is found into the files, to be reviewed like code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbtune.model.access import OrderKey, Predicate, RelationUse, StatementFacts
from dbtune.model.snapshot import Snapshot
from dbtune.sql.facts import FIRST_WORD_WITHIN, is_utility, statement_facts

CASES = Path(__file__).parent / "cases"
CASE = re.compile(
    r"^### (?P<title>[^\n]+)\n(?P<sql>.*?)(?:\n---\n(?P<expected>.*?))?\n*(?=^### |\Z)", re.DOTALL | re.MULTILINE
)


def cases() -> Iterator[tuple[str, str, str, str]]:
    for file in sorted(CASES.glob("*.cases")):
        for case in CASE.finditer(file.read_text()):
            yield file.stem, case["title"], case["sql"].strip(), (case["expected"] or "").strip()


ALL_CASES = list(cases())


def described(facts: StatementFacts) -> str:
    """One line for the kind, then for each use: its columns, predicates, joins, order; then writes and notes."""
    lines = [facts.kind + ("" if facts.parsed else " (not parsed)")]
    for use in facts.uses:
        lines.append(f"{use.table} {use.alias}" + _marks(use))
        lines += [f"    {_predicate(predicate)}" for predicate in use.predicates]
        for join in use.joins:
            kind = "outer join" if join.outer else "join"
            lines.append(f"    {kind}: {join.column} = {join.other_alias}.{join.other_column}")
        if use.order_by:
            lines.append(f"    order: {', '.join(map(_key, use.order_by))}")
        if use.group_by:
            lines.append(f"    group: {', '.join(map(_key, use.group_by))}")
        lines += [f"    {function}({column})" for function, column in use.aggregates]
        lines.append(f"    reads: {'all' if use.all_columns else ', '.join(sorted(use.columns)) or 'nothing'}")
    for write in facts.writes:
        rows = "" if write.rows is None else f" {write.rows:g} rows"
        lines.append(f"{write.kind} {write.table}({', '.join(sorted(write.columns)) or 'all'}){rows}")
    lines += [f"unresolved: {note}" for note in facts.unresolved]
    return "\n".join(lines)


def _marks(use: RelationUse) -> str:
    return (" written" if use.written else "") + (" limited" if use.limit else "")


def _predicate(predicate: Predicate) -> str:
    subject = predicate.column or f"[{predicate.expression}]({', '.join(predicate.expression_columns)})"
    value = "" if predicate.value is None else f" {predicate.value}"
    marks = [
        *(["disjunct"] if predicate.disjunct else []),
        *(["not constant"] if not predicate.constant else []),
        *([f"{predicate.value_count} values"] if predicate.value_count != 1 else []),
    ]
    suffix = f" ({', '.join(marks)})" if marks else ""
    return f"{predicate.kind}: {subject} {predicate.operator}".rstrip() + value + suffix


def _key(key: OrderKey) -> str:
    nulls = "" if key.nulls_first == key.descending else " nulls first" if key.nulls_first else " nulls last"
    return f"{key.column or f'[{key.expression}]'}{' desc' if key.descending else ''}{nulls}"


@pytest.mark.parametrize(
    ("file", "title", "sql", "expected"),
    [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in ALL_CASES],
)
def test_facts(file: str, title: str, sql: str, expected: str, snapshot: Snapshot) -> None:
    found = described(statement_facts(sql, snapshot))
    if os.environ.get("DBTUNE_WRITE_CASES") == "1":
        _write(CASES / f"{file}.cases", title, found)
    else:
        assert found == expected


def _write(path: Path, title: str, found: str) -> None:
    blocks = [
        f"### {case['title']}\n{case['sql'].strip()}\n---\n"
        + (found if case["title"] == title else (case["expected"] or "").strip())
        + "\n"
        for case in CASE.finditer(path.read_text())
    ]
    path.write_text("\n".join(blocks))


def test_there_are_enough_cases() -> None:
    assert len(ALL_CASES) >= 60
    assert len({(file, title) for file, title, *_ in ALL_CASES}) == len(ALL_CASES)
    assert all(expected for *_, expected in ALL_CASES)


def test_search_path_decides(snapshot: Snapshot) -> None:
    text = "SELECT id FROM orders WHERE customer_id = 5"
    assert {str(use.table) for use in statement_facts(text, snapshot).uses} == {"orders"}
    assert {str(use.table) for use in statement_facts(text, snapshot, ("archive", "public")).uses} == {"archive.orders"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        "(",
        "SELECT",
        "'",
        "SELECT " + "(" * 5000,
        "\x00",
        "SELECT $1 FROM",
        "WITH x",
        "SELECT WHERE @@ to_tsquery('a') AND x @> AND ( , 5)",
    ],
)
def test_bad_sql_never_raises(text: str, snapshot: Snapshot) -> None:
    facts = statement_facts(text, snapshot)
    assert isinstance(facts, StatementFacts)
    assert facts.parsed or facts.unresolved


@pytest.mark.parametrize("before", ["", "/* why */ ", "-- why\n", "\n" * 100, f"/* {'why ' * 20}*/ "])
@pytest.mark.parametrize(("statement", "expected"), [("COMMIT", True), ("SET x = 1", True), ("SELECT 1", False)])
def test_the_first_word_tells_a_utility_statement(before: str, statement: str, expected: bool) -> None:
    assert is_utility(before + statement) is expected


@pytest.mark.parametrize("place", range(FIRST_WORD_WITHIN[0] - len("settings") - 1, FIRST_WORD_WITHIN[0] + 1))
def test_a_first_word_is_seen_whole(place: int) -> None:
    assert not is_utility(" " * place + "settings := 1")  # no SET
    assert is_utility(" " * place + "deallocate all")
