"""Literals for a type when nothing is known of the values: valid input for the type, and nothing more.

Each is text between quotes, so that the server gives it the type it would give the parameter.
"""

from __future__ import annotations

import re

from dbtune.ddl.quoting import literal
from dbtune.model.snapshot import Snapshot

_DEFAULTS: tuple[tuple[str, str], ...] = (
    ("timestamp", "2024-01-01 00:00:00"),
    ("date", "2024-01-01"),
    ("timetz", "12:00:00+00"),
    ("time", "12:00:00"),
    ("interval", "1 day"),
    ("bool", "true"),
    ("uuid", "00000000-0000-4000-8000-000000000000"),
    ("jsonpath", "$.a"),
    ("json", "{}"),
    ("bytea", "\\x00"),
    ("inet", "127.0.0.1"),
    ("cidr", "127.0.0.0/8"),
    ("macaddr8", "08:00:2b:01:02:03:04:05"),
    ("macaddr", "08:00:2b:01:02:03"),
    ("bit", "0"),
    ("varbit", "0"),
    ("xml", "<a/>"),
    ("point", "(0,0)"),
    ("box", "(1,1),(0,0)"),
    ("circle", "<(0,0),1>"),
    ("line", "{1,-1,0}"),
    ("lseg", "[(0,0),(1,1)]"),
    ("path", "[(0,0),(1,1)]"),
    ("polygon", "((0,0),(1,1),(1,0))"),
    ("pg_lsn", "0/0"),
    ("tid", "(0,1)"),
    ("int4range", "[1,2)"),
    ("int8range", "[1,2)"),
    ("numrange", "[1,2)"),
    ("tsrange", "[2024-01-01,2024-01-02)"),
    ("tstzrange", "[2024-01-01,2024-01-02)"),
    ("daterange", "[2024-01-01,2024-01-02)"),
    ("int4multirange", "{}"),
    ("int8multirange", "{}"),
    ("nummultirange", "{}"),
    ("tsmultirange", "{}"),
    ("tstzmultirange", "{}"),
    ("datemultirange", "{}"),
    ("regclass", "pg_class"),
    ("geometry", "POINT(0 0)"),
    ("geography", "POINT(0 0)"),
    ("ltree", "a"),
    ("hstore", ""),
)
"""By the beginning of the type's name; the first that fits counts."""

_EXACT_FIRST = {name for name, _ in _DEFAULTS}
_TEXT = ("text", "character", "varchar", "char", "bpchar", "name", "citext", "tsquery", "tsvector", "string")
_NUMBERS = re.compile(r"(?:big|small)?int(?:eger)?\d?|numeric|decimal|real|double|float\d?|money|oid|serial|bigserial")
_VECTOR = re.compile(r"(?:half)?vec(?:tor)?\((\d+)\)")


def default_text(type_name: str, snapshot: Snapshot) -> str | None:
    """Text of a value of that type (``format_type``'s name), or None for a type that is not known."""
    name = type_name.strip().lower()
    if name.endswith("[]"):
        inner = default_text(name[:-2], snapshot)
        return "{}" if inner is None else array_text([inner])
    bare = name.rsplit(".", 1)[-1].strip('"')
    if bare in _EXACT_FIRST:
        return dict(_DEFAULTS)[bare]
    vector = _VECTOR.match(bare)
    if vector:
        return "[" + ",".join(["0.1"] * int(vector[1])) + "]"
    if bare.startswith("interval"):
        return "1 day"
    if _NUMBERS.match(bare):
        return "1"
    if bare.startswith(_TEXT):
        return "a"
    for prefix, value in _DEFAULTS:
        if bare.startswith(prefix):
            return value
    return _of_user_type(type_name.strip().rsplit(".", 1)[-1].strip('"'), snapshot)


def _of_user_type(name: str, snapshot: Snapshot) -> str | None:
    for user_type in snapshot.types:
        if user_type.name.name != name:
            continue
        if user_type.kind == "enum":
            return user_type.labels[0] if user_type.labels else None
        if user_type.kind == "range":
            return "empty"
        if user_type.kind == "domain" and user_type.base_type:
            return default_text(user_type.base_type, snapshot)
        if user_type.kind == "composite":
            return "(" + "," * (len(user_type.attributes) - 1) + ")"
    return None


def default_literal(type_name: str, snapshot: Snapshot) -> str:
    """The default as SQL: quoted text, or a NULL of the type where no value of it is known."""
    text = default_text(type_name, snapshot)
    return f"NULL::{type_name}" if text is None else literal(text)


def array_text(members: list[str]) -> str:
    """Text form of an array of these values (manual, "Array Input and Output Syntax")."""
    quoted = ('"' + member.replace("\\", "\\\\").replace('"', '\\"') + '"' for member in members)
    return "{" + ",".join(quoted) + "}"
