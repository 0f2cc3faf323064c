"""Reads ``EXPLAIN FORMAT=TREE`` and ``EXPLAIN ANALYZE`` of MySQL 8.0.18 and later, with actual rows, loops and times.

The text is turned into the tree of objects that JSON version 2 is, and read as that one is.
Source: ``Explain_format_tree`` in ``sql/join_optimizer/explain_access_path.cc``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dbtune.model.errors import PlanFailed
from dbtune.model.plan import Plan
from dbtune.planner.mysql.json_v2 import plan_of_iterators
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.values import JsonValue

_NUMBER = r"[\d.]+(?:e[+-]?\d+)?"
_LINE = re.compile(r"^(?P<indent> *)-> (?P<text>.*)$")
_COSTS = re.compile(
    rf"(?:\s+\(cost=(?:(?P<first>{_NUMBER})\.\.)?(?P<cost>{_NUMBER}) rows=(?P<rows>{_NUMBER})\))?"
    rf"(?:\s+\((?:actual time=(?P<first_ms>{_NUMBER})\.\.(?P<ms>{_NUMBER})"
    rf" rows=(?P<actual>{_NUMBER}) loops=(?P<loops>{_NUMBER})"
    r"|(?P<never>never executed))\))?\s*\Z"
)
_HEADING = re.compile(r"(?:Hash|Batch input rows|Select #\d+ \(.*\)|Clustered primary key \(scanned separately\))\Z")
_INDENT = 4


@dataclass
class _Open:
    """A node whose inputs may still come; below a heading it counts as deep as that."""

    depth: int
    members: dict[str, JsonValue]
    inputs: list[JsonValue] = field(default_factory=list)


def read_tree(explain: str, relations: Relations) -> Plan:
    """The plan of the text. Raises PlanFailed where it holds none."""
    opened: list[_Open] = []
    heading: tuple[int, str] | None = None
    for depth, line in _nodes(explain):
        if _HEADING.match(line):
            heading = (depth, line)
            continue
        members = _members(line)
        if heading is not None and depth == heading[0] + 1:
            depth, members["heading"] = heading
        heading = None
        # a subquery of the select list stands as deep as the root of its query block: it is an input beside it
        while len(opened) > 1 and opened[-1].depth >= depth:
            opened.pop()
        if opened:
            opened[-1].inputs.append(members)
        node = _Open(depth, members)
        members["inputs"] = node.inputs
        opened.append(node)
    if not opened:
        raise PlanFailed("no node of a plan in the text")
    return plan_of_iterators(opened[0].members, relations)


def _nodes(explain: str) -> list[tuple[int, str]]:
    """Depth and text of each node; a literal in a condition can break its line."""
    found: list[tuple[int, str]] = []
    for line in explain.strip("\n").splitlines():
        start = _LINE.match(line)
        if start is not None:
            found.append((len(start["indent"]) // _INDENT, start["text"]))
        elif found and line.strip():
            depth, text = found[-1]
            found[-1] = (depth, f"{text}\n{line}")
    return found


def _members(line: str) -> dict[str, JsonValue]:
    costs = _COSTS.search(line)
    assert costs is not None  # it matches the empty end of any line
    members: dict[str, JsonValue] = {"operation": line[: costs.start()].rstrip()}
    for name, group in (
        ("estimated_first_row_cost", "first"),
        ("estimated_total_cost", "cost"),
        ("estimated_rows", "rows"),
        ("actual_first_row_ms", "first_ms"),
        ("actual_last_row_ms", "ms"),
        ("actual_rows", "actual"),
        ("actual_loops", "loops"),
    ):
        if costs[group] is not None:
            members[name] = float(costs[group])
    if costs["never"] is not None:
        members["actual_rows"] = None
    return members
