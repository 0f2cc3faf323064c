"""Reads the answer of ``EXPLAIN (FORMAT JSON, VERBOSE)`` of Postgres 12 to 18, with or without ANALYZE.

Source: PostgreSQL manual, EXPLAIN; ``src/backend/commands/explain.c`` for the names of the properties.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode

JsonValue = object
"""A value as a JSON parser gives it."""


class _Node(msgspec.Struct, gc=False):
    """A node of the JSON document; typed, and decoded without the properties that nobody reads."""

    type: str = msgspec.field(default="Unknown", name="Node Type")
    schema: str | None = msgspec.field(default=None, name="Schema")
    relation: str | None = msgspec.field(default=None, name="Relation Name")
    startup_cost: float = msgspec.field(default=0.0, name="Startup Cost")
    total_cost: float = msgspec.field(default=0.0, name="Total Cost")
    rows: float = msgspec.field(default=0.0, name="Plan Rows")
    width: int = msgspec.field(default=0, name="Plan Width")
    alias: str | None = msgspec.field(default=None, name="Alias")
    index: str | None = msgspec.field(default=None, name="Index Name")
    index_condition: str | None = msgspec.field(default=None, name="Index Cond")
    recheck_condition: str | None = msgspec.field(default=None, name="Recheck Cond")
    filter: str | None = msgspec.field(default=None, name="Filter")
    join_filter: str | None = msgspec.field(default=None, name="Join Filter")
    one_time_filter: str | None = msgspec.field(default=None, name="One-Time Filter")
    join_type: str | None = msgspec.field(default=None, name="Join Type")
    hash_condition: str | None = msgspec.field(default=None, name="Hash Cond")
    merge_condition: str | None = msgspec.field(default=None, name="Merge Cond")
    inner_unique: bool = msgspec.field(default=False, name="Inner Unique")
    sort_keys: tuple[str, ...] = msgspec.field(default=(), name="Sort Key")
    group_keys: tuple[str, ...] = msgspec.field(default=(), name="Group Key")
    output: tuple[str, ...] = msgspec.field(default=(), name="Output")
    partial_mode: str | None = msgspec.field(default=None, name="Partial Mode")
    strategy: str | None = msgspec.field(default=None, name="Strategy")
    operation: str | None = msgspec.field(default=None, name="Operation")
    direction: str | None = msgspec.field(default=None, name="Scan Direction")
    parallel_aware: bool = msgspec.field(default=False, name="Parallel Aware")
    workers_planned: int = msgspec.field(default=0, name="Workers Planned")
    actual_rows: float | None = msgspec.field(default=None, name="Actual Rows")
    actual_loops: float | None = msgspec.field(default=None, name="Actual Loops")
    actual_ms: float | None = msgspec.field(default=None, name="Actual Total Time")
    parent_relationship: str | None = msgspec.field(default=None, name="Parent Relationship")
    subplan_name: str | None = msgspec.field(default=None, name="Subplan Name")
    cte_name: str | None = msgspec.field(default=None, name="CTE Name")
    subplans_removed: int = msgspec.field(default=0, name="Subplans Removed")
    children: tuple[_Node, ...] = msgspec.field(default=(), name="Plans")


class _Answer(msgspec.Struct, gc=False):
    """EXPLAIN's answer about one statement."""

    plan: _Node | None = msgspec.field(default=None, name="Plan")
    settings: dict[str, JsonValue] = msgspec.field(default_factory=dict, name="Settings")
    execution_ms: float | None = msgspec.field(default=None, name="Execution Time")


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
