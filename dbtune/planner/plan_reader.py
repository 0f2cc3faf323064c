"""Reads the answer of ``EXPLAIN (FORMAT JSON, VERBOSE)`` of Postgres 12 to 18, with or without ANALYZE.

Source: PostgreSQL manual, EXPLAIN; ``src/backend/commands/explain.c`` for the names of the properties.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode

JsonValue = object
"""A value as a JSON parser gives it."""

NAMES: Mapping[str, str] = {
    "type": "Node Type",
    "schema": "Schema",
    "relation": "Relation Name",
    "startup_cost": "Startup Cost",
    "total_cost": "Total Cost",
    "rows": "Plan Rows",
    "width": "Plan Width",
    "alias": "Alias",
    "index": "Index Name",
    "index_condition": "Index Cond",
    "recheck_condition": "Recheck Cond",
    "filter": "Filter",
    "join_filter": "Join Filter",
    "one_time_filter": "One-Time Filter",
    "join_type": "Join Type",
    "hash_condition": "Hash Cond",
    "merge_condition": "Merge Cond",
    "inner_unique": "Inner Unique",
    "sort_keys": "Sort Key",
    "group_keys": "Group Key",
    "output": "Output",
    "partial_mode": "Partial Mode",
    "strategy": "Strategy",
    "operation": "Operation",
    "direction": "Scan Direction",
    "parallel_aware": "Parallel Aware",
    "workers_planned": "Workers Planned",
    "actual_rows": "Actual Rows",
    "actual_loops": "Actual Loops",
    "actual_ms": "Actual Total Time",
    "parent_relationship": "Parent Relationship",
    "subplan_name": "Subplan Name",
    "cte_name": "CTE Name",
    "subplans_removed": "Subplans Removed",
    "children": "Plans",
    "plan": "Plan",
    "settings": "Settings",
    "execution_ms": "Execution Time",
}
"""Field to the server's word for it."""


class _Node(msgspec.Struct, rename=NAMES, gc=False):
    """A node of the JSON document; typed, and decoded without the properties that nobody reads."""

    type: str = "Unknown"
    schema: str | None = None
    relation: str | None = None
    startup_cost: float = 0.0
    total_cost: float = 0.0
    rows: float = 0.0
    width: int = 0
    alias: str | None = None
    index: str | None = None
    index_condition: str | None = None
    recheck_condition: str | None = None
    filter: str | None = None
    join_filter: str | None = None
    one_time_filter: str | None = None
    join_type: str | None = None
    hash_condition: str | None = None
    merge_condition: str | None = None
    inner_unique: bool = False
    sort_keys: tuple[str, ...] = ()
    group_keys: tuple[str, ...] = ()
    output: tuple[str, ...] = ()
    partial_mode: str | None = None
    strategy: str | None = None
    operation: str | None = None
    direction: str | None = None
    parallel_aware: bool = False
    workers_planned: int = 0
    actual_rows: float | None = None
    actual_loops: float | None = None
    actual_ms: float | None = None
    parent_relationship: str | None = None
    subplan_name: str | None = None
    cte_name: str | None = None
    subplans_removed: int = 0
    children: tuple[_Node, ...] = ()


class _Answer(msgspec.Struct, rename=NAMES, gc=False):
    """EXPLAIN's answer about one statement."""

    plan: _Node | None = None
    settings: dict[str, JsonValue] = {}
    execution_ms: float | None = None


_ANSWERS = tuple[_Answer, ...] | _Answer
"""auto_explain writes the object without the array around it."""

_decoder: msgspec.json.Decoder[_ANSWERS] = msgspec.json.Decoder(_ANSWERS)


def read_plan(explain_json: str | bytes | Sequence[JsonValue]) -> Plan:
    """The plan of the first statement in EXPLAIN's JSON, as text or already decoded, or of auto_explain's.

    Raises PlanFailed where it is no EXPLAIN output or holds no plan (a utility statement).
    """
    answer = _answer(explain_json)
    if answer.plan is None:
        raise PlanFailed("the statement has no plan (a utility statement)")
    settings = tuple(sorted((name, str(value)) for name, value in answer.settings.items()))
    return Plan(_node(answer.plan, None), settings, answer.execution_ms)


def _answer(explain_json: str | bytes | Sequence[JsonValue]) -> _Answer:
    try:
        if isinstance(explain_json, str | bytes):
            answers = _decoder.decode(explain_json)
        else:
            answers = msgspec.convert(explain_json, _ANSWERS)
    except msgspec.ValidationError:
        raise PlanFailed("the server's EXPLAIN output holds no plan") from None
    except (msgspec.DecodeError, ValueError) as error:
        raise PlanFailed(f"the server's EXPLAIN output is not JSON: {error}") from None
    if isinstance(answers, _Answer):
        return answers
    if not answers:
        raise PlanFailed("the server's EXPLAIN output holds no plan")
    return answers[0]


def _node(source: _Node, schema_of_parent: str | None) -> PlanNode:
    schema = source.schema or schema_of_parent
    return PlanNode(
        type=source.type,
        startup_cost=source.startup_cost,
        total_cost=source.total_cost,
        rows=source.rows,
        width=source.width,
        relation=None if source.relation is None else QualifiedName(schema or "public", source.relation),
        alias=source.alias,
        index=source.index,
        index_condition=source.index_condition,
        recheck_condition=source.recheck_condition,
        filter=source.filter or source.join_filter or source.one_time_filter,
        join_type=source.join_type,
        join_condition=source.hash_condition or source.merge_condition,
        inner_unique=source.inner_unique,
        sort_keys=source.sort_keys or source.group_keys,
        output=source.output,
        strategy=_strategy(source),
        parallel_aware=source.parallel_aware,
        workers_planned=source.workers_planned,
        actual_rows=source.actual_rows,
        actual_loops=source.actual_loops,
        actual_ms=source.actual_ms,
        parent_relationship=source.parent_relationship,
        subplan_name=source.subplan_name or source.cte_name,
        subplans_removed=source.subplans_removed,
        children=tuple([_node(child, schema) for child in source.children]),
    )


def _strategy(source: _Node) -> str | None:
    """How the node does it: of an aggregate ``Hashed`` or ``Partial Sorted``, of ModifyTable ``Update``, of a scan its
    direction where it goes backward."""
    parts = (source.partial_mode, source.strategy, source.operation)
    said = [part for part in parts if part and part != "Simple"]
    if source.direction == "Backward":
        said.append("Backward")
    return " ".join(said) or None
