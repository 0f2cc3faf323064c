"""A plan as the recosting needs it: which relations stand below each node, and what its conditions refer to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode

JOINS = frozenset({"Nested Loop", "Hash Join", "Merge Join"})
INDEX_SCANS = frozenset({"Index Scan", "Index Only Scan", "Bitmap Heap Scan", "Bitmap Index Scan"})

_REFERENCE = re.compile(r'(?:"((?:[^"]|"")+)"|([a-z_][\w$]*))\.(?=["a-z_])')
_STRING = re.compile(r"'(?:[^']|'')*'")
_INPUTS = frozenset({"InitPlan", "SubPlan"})


@dataclass(frozen=True)
class Node:
    """A node of the plan. Aliases are EXPLAIN's, which are the same in all plans of a statement."""

    source: PlanNode
    aliases: frozenset[str]
    """Relations read by this node and its inputs; those of init plans and subplans are left out."""
    references: frozenset[str]
    """Other relations that the conditions of a scan refer to: those of the outer side of a nested loop."""
    index_conditions: tuple[str, ...]
    """What bounds the index scan, one condition each; of a bitmap scan those of all its bitmaps."""
    bounded_by_constants: bool
    """A condition that bounds the index scan compares with no other relation."""
    inputs: tuple[Node, ...]
    init_plans: tuple[Node, ...]
    subplans: tuple[Node, ...]
    reach: frozenset[str]
    """Relations read by all that stands below, init plans and subplans with them."""
    reads_cte: bool
    """A CTE is scanned below: its rows are those of an init plan that stands elsewhere."""

    @property
    def is_join(self) -> bool:
        return self.source.type in JOINS and len(self.inputs) == 2

    @property
    def is_scan(self) -> bool:
        return not self.inputs and self.source.alias is not None

    def walk(self) -> Iterator[Node]:
        """This node and all below it, init plans and subplans with them."""
        yield self
        for child in (*self.init_plans, *self.subplans, *self.inputs):
            yield from child.walk()


def tree_of(plan: Plan) -> Node:
    """The plan's tree."""
    known = frozenset(node.alias for node in plan.root.walk() if node.alias is not None)
    return _node(plan.root, known)


def _node(source: PlanNode, known: frozenset[str]) -> Node:
    children = [_node(child, known) for child in source.children]
    if source.type == "Bitmap Heap Scan":
        # the bitmap below it is a part of the scan: it has no alias of its own
        conditions = [node.index_condition for node in source.walk() if node.index_condition]
        inputs: list[Node] = []
    else:
        conditions = [source.index_condition] if source.index_condition else []
        inputs = [child for child in children if child.source.parent_relationship not in _INPUTS]
    own = frozenset({source.alias} if source.alias is not None and not inputs else ())
    bounds = tuple(part for text in conditions for part in conjuncts(text))
    told = [*conditions, *(text for text in (source.filter,) if text and not inputs)]
    references = frozenset(name for text in told for name in referenced(text)) & known
    below = [*inputs, *(child for child in children if child.source.parent_relationship in _INPUTS)]
    return Node(
        source=source,
        aliases=own.union(*(child.aliases for child in inputs)),
        references=references - own if not inputs else frozenset(),
        index_conditions=bounds,
        bounded_by_constants=any(not (frozenset(referenced(part)) & known - own) for part in bounds),
        inputs=tuple(inputs),
        init_plans=tuple(child for child in children if child.source.parent_relationship == "InitPlan"),
        subplans=tuple(child for child in children if child.source.parent_relationship == "SubPlan"),
        reach=own.union(*(child.reach for child in below)),
        reads_cte=source.type == "CTE Scan" or any(child.reads_cte for child in below),
    )


def referenced(condition: str) -> Iterator[str]:
    """Names before a dot in a condition as EXPLAIN VERBOSE prints it: aliases, and what else is qualified."""
    for match in _REFERENCE.finditer(_STRING.sub("''", condition)):
        yield match[1].replace('""', '"') if match[1] else match[2]


def conjuncts(condition: str) -> list[str]:
    """The conditions that EXPLAIN joined by AND, which it puts into parentheses each."""
    text = condition.strip()
    while text.startswith("(") and _closing(text, 0) == len(text) - 1:
        text = text[1:-1].strip()
    parts, start, depth, at = [], 0, 0, 0
    while at < len(text):
        character = text[at]
        if character in "'\"":
            at = _end_of_quoted(text, at)
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif depth == 0 and text.startswith(" AND ", at):
            parts.append(text[start:at].strip())
            start = at + 5
        at += 1
    parts.append(text[start:].strip())
    return [part for part in parts if part]


def _closing(text: str, start: int) -> int:
    """Where the parenthesis that opens at ``start`` is closed; -1 where it is not."""
    depth, at = 0, start
    while at < len(text):
        if text[at] in "'\"":
            at = _end_of_quoted(text, at)
        elif text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return at
        at += 1
    return -1


def _end_of_quoted(text: str, start: int) -> int:
    end = text.find(text[start], start + 1)
    return len(text) if end < 0 else end


def relation_names(tree: Node) -> dict[str, QualifiedName]:
    """Alias to table."""
    return {
        node.source.alias: node.source.relation
        for node in tree.walk()
        if node.source.alias is not None and node.source.relation is not None
    }
