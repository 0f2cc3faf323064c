"""Reads what MySQL's iterators say of themselves: ``Covering index lookup on o using idx (a=1)``.

The TREE format is nothing but these texts, and JSON version 2 carries them beside its members. Wordings of 8.0.18 to 9.
Source: ``sql/join_optimizer/explain_access_path.cc`` (and ``sql/opt_explain_format.cc`` before 8.0.2x).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from dbtune.model.plan import PlanNode
from dbtune.planner.mysql.nodes import TEMPORARY_KEY
from dbtune.planner.mysql.relations import Relations

_CONDITION = r"(?:,\s+with index condition: (?P<icp>.*?))?(?:,? \[.*)?(?: in secondary engine \S+)?"
_TABLE_SCAN = re.compile(r"Table scan on (?P<alias><[^>]+>|[^\s,(]+)(?: in secondary engine \S+)?", re.DOTALL)
_INDEX = re.compile(
    r"(?P<prefix>(?:Single-row |Multi-range |Full-text )?)(?P<covering>covering )?index "
    r"(?P<what>lookup|scan|range scan|skip scan(?: for \w+)?|search|distance scan) on (?P<alias><[^>]+>|[^\s,(]+)"
    r"(?: using (?P<index>\S+))?(?P<by> \((?!reverse\)).*?\)| over .*?)?(?P<reverse> \(reverse\))?"
    + _CONDITION
    + r"\Z",
    re.IGNORECASE | re.DOTALL,
)
_REPLANNED = re.compile(
    r"Index range scan on (?P<alias><[^>]+>|[^\s,(]+) \(re-planned for each iteration\)" + _CONDITION, re.DOTALL
)
_ONE_TABLE = re.compile(
    r"(?P<what>Constant row from|Count rows in|Scan new records on|Fill information schema table) "
    r"(?P<alias><[^>]+>|[^\s,(]+)"
)
_NESTED = re.compile(
    r"(?P<how>Nested loop|Batched key access) (?:(?P<kind>\w+) )?(?P<word>join|semijoin|antijoin)?", re.IGNORECASE
)
_HASH = re.compile(
    r"(?:(?P<kind>Inner|Left|Hash) )?hash (?P<word>join|semijoin|antijoin)|Hash (?P<other>semijoin|antijoin)",
    re.IGNORECASE,
)
_MERGES = {
    "Intersect rows sorted by row ID": "intersect",
    "Deduplicate rows sorted by row ID": "union",
    "Sort-deduplicate by row ID": "sort_union",
}
_KINDS = {"lookup": "ref", "scan": "index", "range scan": "range", "search": "fulltext", "distance scan": "index"}
_JOINS = {"inner": "Inner", "left": "Left", "semijoin": "Semi", "antijoin": "Anti"}


def read_operation(operation: str, relations: Relations) -> PlanNode:
    """A node without numbers and inputs; ``Result`` with the whole text as its strategy where the wording is unknown.

    A node of the type ``Filter`` is not one of the Plan model: its reader folds it into its input.
    """
    for reader in _READERS:
        node = reader(operation, relations)
        if node is not None:
            return node
    return _node("Result", strategy=operation)


def _node(type_: str, **more: object) -> PlanNode:
    return replace(PlanNode(type_, 0.0, 0.0, 0.0), **more)  # type: ignore[arg-type]


def _scan(type_: str, alias: str, relations: Relations, **more: object) -> PlanNode:
    relation = relations.of(alias)
    return _node(type_ if relation is not None else "Subquery Scan", relation=relation, alias=alias, **more)


def _table_scan(operation: str, relations: Relations) -> PlanNode | None:
    found = _TABLE_SCAN.match(operation)
    return None if found is None else _scan("Seq Scan", found["alias"], relations, access="ALL")


def _index(operation: str, relations: Relations) -> PlanNode | None:
    again = _REPLANNED.match(operation)
    if again is not None:
        again_condition = again["icp"]
        return _scan(
            "Index Scan",
            again["alias"],
            relations,
            access="range",
            strategy="Re-planned",
            index_condition=again_condition,
        )
    found = _INDEX.match(operation)
    if found is None:
        return None
    what, prefix = found["what"].lower(), found["prefix"].strip().lower()
    access = "eq_ref" if prefix == "single-row" else _KINDS.get(what, "range")
    if access == "ref" and " or NULL" in (found["by"] or ""):
        access = "ref_or_null"
    covering = found["covering"] is not None or "skip scan for" in what
    by = (found["by"] or "").strip().removeprefix("over ") or None
    said = [
        word
        for word, there in (
            ("Backward", found["reverse"] is not None),
            ("Multi-range", prefix == "multi-range"),
            (what.capitalize(), "skip" in what),
        )
        if there
    ]
    return _scan(
        "Index Only Scan" if covering else "Index Scan",
        found["alias"],
        relations,
        index=None if found["index"] is None or TEMPORARY_KEY.match(found["index"]) else found["index"],
        index_condition=found["icp"],
        recheck_condition=by,
        access=access,
        strategy=", ".join(said) or None,
    )


def _one_table(operation: str, relations: Relations) -> PlanNode | None:
    found = _ONE_TABLE.match(operation)
    if found is None:
        return None
    access = {"Constant row from": "const", "Count rows in": "index"}.get(found["what"], "ALL")
    return _scan("Seq Scan", found["alias"], relations, access=access, strategy=found["what"])


def _join(operation: str, _: Relations) -> PlanNode | None:
    if found := _HASH.match(operation):
        kind = (found["word"] or found["other"] or "").lower()
        join_type = _JOINS.get(kind) or _JOINS.get((found["kind"] or "").lower(), "Inner")
        condition, __, extra = operation[found.end() :].partition(", extra conditions: ")
        condition = condition.strip()
        return _node(
            "Hash Join",
            join_type=join_type,
            join_condition=None if condition in ("", "(no condition)") else condition,
            filter=extra or None,
        )
    found = _NESTED.match(operation)
    if found is None:
        return None
    word = (found["word"] or "").lower()
    join_type = _JOINS.get(word) or _JOINS.get((found["kind"] or "").lower(), "Inner")
    strategy = "Batched Key Access" if found["how"].startswith("Batched") else None
    if "duplicate removal" in operation:
        strategy, join_type = "Loose scan", "Semi"
    return _node("Nested Loop", join_type=join_type, strategy=strategy)


def _starting(*starts: str) -> Callable[[str], str | None]:
    """What follows the first of the words that the text starts with, or None."""

    def rest(operation: str) -> str | None:
        for start in starts:
            if operation.startswith(start):
                return operation[len(start) :].strip()
        return None

    return rest


_sort = _starting("Sort with duplicate removal:", "Sort row IDs:", "Sort:")
_filter = _starting("Filter:")
_limit = _starting("Limit:", "Limit/Offset:", "Offset:")
_window = _starting(
    "Window aggregate with buffering:", "Window multi-pass aggregate with buffering:", "Window aggregate:"
)
_aggregate = _starting("Group aggregate with rollup:", "Group aggregate:", "Group (no aggregates)", "Group (computed")
_unique = _starting(
    "Remove duplicates from input grouped on", "Remove duplicates from input sorted on", "Remove duplicate "
)
_append = _starting("Append", "Union all materialize")
_write = _starting("Insert into", "Replace into", "Update ", "Delete from")


def _other(operation: str, relations: Relations) -> PlanNode | None:
    if (keys := _sort(operation)) is not None:
        fields = keys.partition(", limit input to")[0]
        unique = operation.startswith("Sort with duplicate removal")
        return _node("Sort", sort_keys=tuple(fields.split(", ")), strategy="Unique" if unique else None)
    if (condition := _filter(operation)) is not None:
        return _node("Filter", filter=condition)
    if (count := _limit(operation)) is not None:
        return _node("Limit", strategy=count)
    if _window(operation) is not None:
        return _node("WindowAgg", strategy="Temporary table" if "buffering" in operation else None)
    if _aggregate(operation) is not None:
        return _node("Aggregate", strategy="Sorted")
    if operation.startswith("Aggregate using temporary table"):
        return _node("Aggregate", strategy="Temporary table")
    if operation.startswith("Aggregate:"):
        return _node("Aggregate", strategy="Plain")
    if _append(operation) is not None:
        return _node("Append", strategy="Union")
    if (tables := _unique(operation)) is not None:
        return _node("Unique", strategy="Temporary table" if "weedout" in tables else "Sorted")
    if "aterialize" in operation or operation.startswith(("Temporary table", "Stream results")):
        return _materialize(operation)
    if (target := _write(operation)) is not None:
        written = re.match(r"[^\s,(]+", target)
        verb = operation.partition(" ")[0]
        return _node("ModifyTable", strategy=verb, relation=None if written is None else relations.of(written[0]))
    if operation in _MERGES:
        return _node("BitmapAnd" if "intersect" in _MERGES[operation] else "BitmapOr", strategy=_MERGES[operation])
    return None


def _materialize(operation: str) -> PlanNode:
    if operation.startswith("Invalidate"):
        return _node("Materialize", strategy="Invalidate")
    if operation.startswith("Stream results"):
        return _node("Result", strategy="Stream results")
    unions = re.match(r"(Union|Intersect|Except)(?: all)? materialize", operation)
    if unions is not None:
        return _node("Append", strategy=unions[1])
    words = ["Unique"] if "deduplication" in operation else []
    if "invalidate on row" in operation:
        words.append("Dependent")
    return _node("Materialize", strategy=" ".join(words) or None)


_READERS: tuple[Callable[[str, Relations], PlanNode | None], ...] = (_table_scan, _index, _one_table, _join, _other)
