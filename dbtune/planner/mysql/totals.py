"""The cost of a statement as a whole: MySQL and MariaDB leave subqueries out of the cost of the block around them.

MySQL's JSON version 1 and MariaDB give a query block the cost of its own tables. What fills a derived table, and what a
subquery costs that is run once, or once for each row, are costs of blocks of their own. A block that a semijoin
materialises is an exception: its cost is in the join's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from dbtune.model.plan import Plan, PlanNode


def with_subqueries(plan: Plan) -> Plan:
    """The plan with the cost of every subquery in the nodes around it, as often as it is run."""
    return replace(plan, root=_whole(plan.root))


def _whole(node: PlanNode) -> PlanNode:
    """The node, its cost with that of the subqueries below it. Costs of inner sides of joins are per loop."""
    children = tuple(_whole(child) for child in node.children)
    extra = 0.0
    for old, new in zip(node.children, children, strict=True):
        role = new.parent_relationship
        grown = new.total_cost - old.total_cost
        if role == "SubPlan":
            extra += new.total_cost * _runs(node)
        elif role == "InitPlan":
            extra += new.total_cost
        elif role == "Subquery":
            extra += grown if _counted(node, new) else new.total_cost
        elif role == "Inner" and node.type in ("Nested Loop", "Hash Join"):
            # what is materialised or run once is so however many loops there are
            extra += grown * _loops(node, new)
        else:
            extra += grown
    return replace(node, children=children, total_cost=node.total_cost + extra)


def _runs(node: PlanNode) -> float:
    """How often a subquery that depends on the node's rows is run: for each row that is read, where it is all that the
    filter asks; for each row that is left, where there are other conditions, or it is in the select list."""
    if node.filter is None or node.examined_rows is None or re.search(r"\) and \(", node.filter, re.IGNORECASE):
        return node.rows or 1.0
    return max(1.0, node.examined_rows)


def _counted(node: PlanNode, filling: PlanNode) -> bool:
    """Whether the server has put the cost of filling the temporary table into the join's."""
    return (node.alias or "").startswith("<subquery") or filling.strategy in ("Shared", "Dependent")


def _loops(join: PlanNode, inner: PlanNode) -> float:
    once = all(c.parent_relationship not in ("SubPlan",) for c in inner.children)
    return 1.0 if once else max(1.0, join.children[0].rows)
