"""Values of a column that suit the place where a parameter stands."""

from __future__ import annotations

import re

from dbtune.model.schema import Column
from dbtune.model.snapshot import Snapshot
from dbtune.sql.representatives import (
    Representative,
    elements,
    for_equality,
    for_lower_bound,
    for_upper_bound,
    for_window,
    pool,
)
from dbtune.sql.sites import Site
from dbtune.sql.type_defaults import array_text

ARRAY_MEMBERS = 3
"""Members of an array given to = ANY ($1)."""

_PLAIN_PIECE = re.compile(r"\w{3,}")


def texts_of(site: Site, column: Column, snapshot: Snapshot) -> list[Representative]:
    """Texts of values of the column that suit the place."""
    if site.role == "lower":
        return for_window(column, snapshot, lower=True) if site.paired else for_lower_bound(column, snapshot)
    if site.role == "upper":
        return for_window(column, snapshot, lower=False) if site.paired else for_upper_bound(column, snapshot)
    if site.role == "member":
        members = pool(column, snapshot)
        return [Representative(members[site.position % len(members)], 1.0)] if members else []
    if site.role == "array":
        members = pool(column, snapshot)[:ARRAY_MEMBERS]
        return [Representative(array_text(members), 1.0)]
    if site.role in ("prefix", "infix", "text"):
        return [_pattern(each, site.role) for each in for_equality(column, snapshot)]
    if site.role == "contained":
        return _contained(site, column, snapshot)
    return for_equality(column, snapshot)


def _pattern(value: Representative, role: str) -> Representative:
    """A prefix, or a piece from within, of a value the column holds."""
    text = value.text
    if role == "prefix":
        start = text[: max(3, len(text) // 3)]
        return Representative(re.sub(r"[\\%_]", "_", start) + "%", value.weight)
    pieces = _PLAIN_PIECE.findall(text)
    piece = max(pieces, key=len)[:6] if pieces else "abc"
    return Representative(f"%{piece}%" if role == "infix" else piece, value.weight)


def _contained(site: Site, column: Column, snapshot: Snapshot) -> list[Representative]:
    if column.type.endswith("[]"):
        members = elements(column, snapshot)
        if site.function == "element":
            return members
        return [Representative(array_text([each.text]), each.weight) for each in members]
    if column.type == "jsonb":
        return [Representative('{"key": "value"}', 1.0)]
    return for_equality(column, snapshot)
