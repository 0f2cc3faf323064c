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


def read_plan(explain_json: str | bytes | Sequence[JsonValue]) -> Plan:
    """The plan of the first statement in EXPLAIN's JSON, as text or already decoded, or of auto_explain's.

    Raises PlanFailed where it is no EXPLAIN output or holds no plan (a utility statement).
    """
    decoded: JsonValue = explain_json
    if isinstance(explain_json, str | bytes):
        try:
            decoded = msgspec.json.decode(explain_json)
        except (msgspec.DecodeError, ValueError) as error:
            raise PlanFailed(f"the server's EXPLAIN output is not JSON: {error}") from None
    if isinstance(decoded, dict):  # auto_explain writes the object without the array around it
        decoded = [decoded]
    if not isinstance(decoded, list | tuple) or not decoded or not isinstance(decoded[0], dict):
        raise PlanFailed("the server's EXPLAIN output holds no plan")
    answer: Mapping[str, JsonValue] = decoded[0]
    root = answer.get("Plan")
    if not isinstance(root, dict):
        raise PlanFailed("the statement has no plan (a utility statement)")
    return Plan(_node(root, None), _settings(answer), _number(answer.get("Execution Time")))


def _node(source: Mapping[str, JsonValue], schema_of_parent: str | None) -> PlanNode:
    schema = _text(source.get("Schema")) or schema_of_parent
    relation = _text(source.get("Relation Name"))
    children = source.get("Plans")
    return PlanNode(
        type=_text(source.get("Node Type")) or "Unknown",
        startup_cost=_number(source.get("Startup Cost")) or 0.0,
        total_cost=_number(source.get("Total Cost")) or 0.0,
        rows=_number(source.get("Plan Rows")) or 0.0,
        width=int(_number(source.get("Plan Width")) or 0),
        relation=None if relation is None else QualifiedName(schema or "public", relation),
        alias=_text(source.get("Alias")),
        index=_text(source.get("Index Name")),
        index_condition=_text(source.get("Index Cond")),
        recheck_condition=_text(source.get("Recheck Cond")),
        filter=_text(source.get("Filter")) or _text(source.get("Join Filter")) or _text(source.get("One-Time Filter")),
        join_type=_text(source.get("Join Type")),
        join_condition=_text(source.get("Hash Cond")) or _text(source.get("Merge Cond")),
        inner_unique=source.get("Inner Unique") is True,
        sort_keys=_texts(source.get("Sort Key")) or _texts(source.get("Group Key")),
        output=_texts(source.get("Output")),
        strategy=_strategy(source),
        parallel_aware=source.get("Parallel Aware") is True,
        workers_planned=int(_number(source.get("Workers Planned")) or 0),
        actual_rows=_number(source.get("Actual Rows")),
        actual_loops=_number(source.get("Actual Loops")),
        actual_ms=_number(source.get("Actual Total Time")),
        parent_relationship=_text(source.get("Parent Relationship")),
        subplan_name=_text(source.get("Subplan Name")) or _text(source.get("CTE Name")),
        children=tuple(_node(child, schema) for child in children) if isinstance(children, list) else (),
    )


def _strategy(source: Mapping[str, JsonValue]) -> str | None:
    """How the node does it: of an aggregate ``Hashed`` or ``Partial Sorted``, of ModifyTable ``Update``, of a scan its
    direction where it goes backward."""
    parts = [_text(source.get("Partial Mode")), _text(source.get("Strategy")), _text(source.get("Operation"))]
    if source.get("Scan Direction") == "Backward":
        parts.append("Backward")
    said = [part for part in parts if part and part != "Simple"]
    return " ".join(said) or None


def _settings(answer: Mapping[str, JsonValue]) -> tuple[tuple[str, str], ...]:
    settings = answer.get("Settings")
    if not isinstance(settings, dict):
        return ()
    return tuple(sorted((str(name), str(value)) for name, value in settings.items()))


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _number(value: JsonValue) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value)
