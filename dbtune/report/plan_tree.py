"""A plan as a tree on the terminal, with what takes its cost and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from rich.tree import Tree

from dbtune.model.plan import Plan, PlanNode
from dbtune.model.snapshot import Snapshot
from dbtune.report.text import human_bytes, human_count, human_number, one_line, share, shortened

EXPENSIVE = 0.2
"""Share of the plan's cost from which a node is pointed out."""

WASTEFUL_READ = 10.0
"""A scan that reads so many rows for each it keeps is pointed out."""

SMALL_TABLE_ROWS = 1000.0


def plan_tree(plan: Plan, width: int) -> Tree:
    """The plan's nodes with their own share of the cost, conditions cut to ``width``."""
    total = plan.cost or 1.0
    tree = Tree(_label(plan.root, total), guide_style="dim")
    _grow(tree, plan.root, total, width)
    return tree


def _grow(tree: Tree, node: PlanNode, total: float, width: int) -> None:
    for label, condition in _conditions(node):
        tree.add(Text(f"{label}: {shortened(condition, max(width - 16, 24))}", "dim"))
    for child in node.children:
        _grow(tree.add(_label(child, total)), child, total, width)


def _label(node: PlanNode, total: float) -> Text:
    own = own_cost(node) / total
    text = Text()
    if node.subplan_name:
        text.append(f"{one_line(node.subplan_name)}: ", "dim")
    text.append(one_line(_name(node)), "bold")
    text.append(f"  cost {human_number(node.total_cost)}, {human_count(node.rows)} rows", "dim")
    if own >= EXPENSIVE:
        text.append(f"  {share(own)} of the cost", "red")
    return text


def _name(node: PlanNode) -> str:
    words = [node.join_type] if node.join_type and node.join_type != "Inner" else []
    words.append(node.type)
    if node.index:
        words.append(f"by {node.index}")
    if node.relation is not None:
        words.append(f"on {node.relation}")
        if node.alias and node.alias != node.relation.name:
            words.append(node.alias)
    return " ".join(words)


def _conditions(node: PlanNode) -> Iterator[tuple[str, str]]:
    if node.index_condition:
        yield "index condition", node.index_condition
    if node.filter:
        yield "filter", node.filter
    if node.sort_keys:
        yield "sorted by", ", ".join(node.sort_keys)


def own_cost(node: PlanNode) -> float:
    """The node's cost without its inputs', in planner units; at least 0 (LIMIT stops its inputs early)."""
    return max(node.total_cost - sum(child.total_cost for child in node.children), 0.0)


def troubles(plan: Plan, snapshot: Snapshot) -> Iterator[str]:
    """What is wrong with the plan, in sentences, the most expensive first."""
    nodes = sorted(plan.root.walk(), key=own_cost, reverse=True)
    for node in nodes:
        if own_cost(node) < EXPENSIVE * plan.cost:
            break
        sentence = _scan_trouble(node, snapshot) or _sort_trouble(node, snapshot)
        if sentence:
            yield sentence


def _scan_trouble(node: PlanNode, snapshot: Snapshot) -> str | None:
    table = snapshot.table(node.relation) if node.relation is not None else None
    if table is None or node.type != "Seq Scan" or table.rows < SMALL_TABLE_ROWS or not node.filter:
        return None
    if table.rows < WASTEFUL_READ * max(node.rows, 1.0):
        return None
    size = human_bytes(table.file_pages * snapshot.server.block_size)
    return (
        f"all {human_count(table.rows)} rows of {table.name} ({size}) are read to keep {human_count(node.rows)}: "
        f"no index serves {node.filter}"
    )


def _sort_trouble(node: PlanNode, snapshot: Snapshot) -> str | None:
    if node.type != "Sort" or not node.children:
        return None
    size = node.rows * max(node.width, 1)
    memory = _work_mem_bytes(snapshot)
    spill = f", more than work_mem ({human_bytes(memory)}), so it goes to disk" if memory and size > memory else ""
    return f"{human_count(node.rows)} rows are sorted by {', '.join(node.sort_keys)}{spill}: no index gives that order"


def _work_mem_bytes(snapshot: Snapshot) -> float | None:
    """``pg_settings`` gives work_mem in kB (manual, "Resource Consumption")."""
    setting = snapshot.settings.get("work_mem", "")
    return float(setting) * 1024 if setting.isdigit() else None
