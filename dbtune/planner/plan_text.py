"""Reads the text form of EXPLAIN, which auto_explain writes unless it is told otherwise.

Only what the comparison of estimated and actual rows needs is read: nodes with their numbers, relations, indexes and
conditions. Source: ``src/backend/commands/explain.c`` (``ExplainNode``, the branches for EXPLAIN_FORMAT_TEXT).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.plan_reader import read_plan

_NODE = re.compile(
    r"^(?P<indent>\s*)(?P<arrow>->\s+)?(?P<name>\S.*?)\s+\(cost=(?P<startup>[\d.]+)\.\.(?P<total>[\d.]+)"
    r" rows=(?P<rows>\d+) width=(?P<width>\d+)\)(?: \((?:"
    r"actual (?:time=[\d.]+\.\.(?P<ms>[\d.]+) )?rows=(?P<actual>[\d.]+) loops=(?P<loops>\d+)|never executed)\))?"
)
_PROPERTY = re.compile(r"^\s*(?P<key>[A-Z][A-Za-z- ]+): (?P<value>.*)$")
_LABEL = re.compile(r"^\s*(?P<kind>InitPlan|SubPlan|CTE) (?P<name>\S+)")
_NAME = r'(?:"(?:[^"]|"")+"|[^\s".]+)'
_PLACE = re.compile(
    rf"(?: using (?P<index>{_NAME}))? on (?:(?P<schema>{_NAME})\.)?(?P<relation>{_NAME})(?: (?P<alias>{_NAME}))?$"
)
_JOIN = re.compile(
    r"^(?P<base>Nested Loop|Hash|Merge) ?(?P<kind>Left|Right|Full|Semi|Anti|Right Semi|Right Anti)? ?(?:Join)?$"
)
_EXECUTION = re.compile(r"^Execution Time: ([\d.]+) ms", re.MULTILINE)
_WRITES = frozenset({"Insert", "Update", "Delete", "Merge"})
_AGGREGATES = {"HashAggregate": "Hashed", "GroupAggregate": "Sorted", "MixedAggregate": "Mixed", "Aggregate": "Plain"}


@dataclass
class _Open:
    """A node whose inputs may still come."""

    column: int
    node: PlanNode
    children: list[PlanNode] = field(default_factory=list)

    def closed(self) -> PlanNode:
        return replace(self.node, children=tuple(self.children))


def read_executed_plan(text: str) -> Plan:
    """The plan that auto_explain wrote, as JSON or text. Raises PlanFailed where it can be read as neither."""
    if text.lstrip().startswith(("{", "[")):
        return read_plan(text)
    root = _read(text.expandtabs(8).splitlines())
    if root is None:
        raise PlanFailed("no node of a plan in the text")
    ended = _EXECUTION.search(text)
    return Plan(root, execution_ms=float(ended[1]) if ended is not None else None)


def _read(lines: list[str]) -> PlanNode | None:
    opened: list[_Open] = []
    label: tuple[str, str] | None = None
    for line in lines:
        found = _NODE.match(line)
        if found is not None and (found["arrow"] or label is not None or not opened):
            _close(opened, found.start("name"))
            opened.append(_Open(found.start("name"), _node(found, label, first=not (opened and opened[-1].children))))
            label = None
        elif opened and (named := _LABEL.match(line)) is not None:
            label = (named["kind"], named["name"])
            _close(opened, len(line) - len(line.lstrip()) - 1)  # it stands where its node's properties do
        elif opened and (told := _PROPERTY.match(line)) is not None:
            opened[-1].node = _with_property(opened[-1].node, told["key"], told["value"])
    _close(opened, 0)
    return opened[0].closed() if opened else None


def _close(opened: list[_Open], column: int) -> None:
    """Hand nodes that stand no further left than ``column`` to those above them."""
    while len(opened) > 1 and opened[-1].column >= column:
        done = opened.pop()
        opened[-1].children.append(done.closed())


def _node(found: re.Match[str], label: tuple[str, str] | None, *, first: bool) -> PlanNode:
    name = found["name"]
    parallel = name.startswith("Parallel ")
    name = name.removeprefix("Parallel ").replace(" Backward", "")
    place = _PLACE.search(name)
    kind = name[: place.start()] if place is not None else name
    partial = next((word for word in ("Partial", "Finalize") if kind.startswith(f"{word} ")), None)
    kind = kind.removeprefix(f"{partial} ") if partial else kind
    strategy = _AGGREGATES.get(kind)
    join = _JOIN.match(kind)
    joins = join is not None and (kind.startswith("Nested Loop") or kind.endswith("Join"))
    role = (
        "InitPlan"
        if label and label[0] in ("InitPlan", "CTE")
        else label[0]
        if label
        else "Outer"
        if first
        else "Inner"
    )
    never = 0.0 if found[0].endswith("(never executed)") else None
    node = PlanNode(
        type="ModifyTable" if kind in _WRITES else kind,
        startup_cost=float(found["startup"]),
        total_cost=float(found["total"]),
        rows=float(found["rows"]),
        width=int(found["width"]),
        parallel_aware=parallel,
        actual_rows=float(found["actual"]) if found["actual"] else never,
        actual_loops=float(found["loops"]) if found["loops"] else never,
        actual_ms=float(found["ms"]) if found["ms"] else None,
        parent_relationship=role,
        subplan_name=None if label is None else " ".join(label),
    )
    if strategy is not None:
        return replace(node, type="Aggregate", strategy=f"{partial} {strategy}" if partial else strategy)
    if join is not None and joins:
        base = join["base"] if join["base"] == "Nested Loop" else f"{join['base']} Join"
        return replace(node, type=base, join_type=join["kind"] or "Inner")
    return node if place is None else _placed(node, place)


def _placed(node: PlanNode, place: re.Match[str]) -> PlanNode:
    relation = _unquoted(place["relation"])
    if node.type == "Bitmap Index Scan":
        return replace(node, index=relation)
    alias = _unquoted(place["alias"]) if place["alias"] else relation
    index = _unquoted(place["index"]) if place["index"] else None
    if node.type in ("CTE Scan", "WorkTable Scan", "Subquery Scan", "Function Scan", "Values Scan"):
        return replace(node, alias=alias, subplan_name=relation if node.type == "CTE Scan" else node.subplan_name)
    schema = _unquoted(place["schema"]) if place["schema"] else "public"
    return replace(node, relation=QualifiedName(schema, relation), alias=alias, index=index)


def _with_property(node: PlanNode, key: str, value: str) -> PlanNode:
    match key:
        case "Index Cond":
            return replace(node, index_condition=value)
        case "Filter" | "Join Filter":
            return replace(node, filter=value)
        case "Hash Cond" | "Merge Cond":
            return replace(node, join_condition=value)
        case "Sort Key" | "Group Key":
            return replace(node, sort_keys=tuple(value.split(", ")))
        case "Workers Planned":
            return replace(node, workers_planned=int(value))
    return node


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
