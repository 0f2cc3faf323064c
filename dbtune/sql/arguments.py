"""Literals for parameters that are arguments of functions: by the function and the position where it matters."""

from __future__ import annotations

from dbtune.model.snapshot import Snapshot
from dbtune.sql.type_defaults import default_literal

_TEXT = "'a'"
_ANY = "'1'"  # valid input for numbers and for text
_BY_FUNCTION: dict[str, tuple[str, ...]] = {
    "to_tsquery": (_TEXT,),
    "plainto_tsquery": (_TEXT,),
    "phraseto_tsquery": (_TEXT,),
    "websearch_to_tsquery": (_TEXT,),
    "to_tsvector": (_TEXT,),
    "to_tsquery/2": ("'simple'", _TEXT),
    "plainto_tsquery/2": ("'simple'", _TEXT),
    "phraseto_tsquery/2": ("'simple'", _TEXT),
    "websearch_to_tsquery/2": ("'simple'", _TEXT),
    "to_tsvector/2": ("'simple'", _TEXT),
    "extract": ("'day'", "now()"),
    "date_trunc": ("'day'", "now()", "'UTC'"),
    "timestamp_trunc": ("now()", "'day'", "'UTC'"),
    "date_part": ("'day'", "now()"),
    "date_bin": ("interval '1 hour'", "now()", "now()"),
    "to_char": ("now()", "'YYYY-MM-DD'"),
    "to_date": ("'2024-01-01'", "'YYYY-MM-DD'"),
    "split_part": (_TEXT, "','", "1"),
    "string_agg": (_TEXT, "','"),
    "group_concat": (_TEXT, "','"),
    "array_to_string": ("'{a}'", "','", "''"),
    "string_to_array": (_TEXT, "','", "''"),
    "percentile_cont": ("0.5",),
    "percentile_disc": ("0.5",),
    "current_setting": ("'search_path'", "true"),
    "set_config": ("'application_name'", _TEXT, "true"),
    "unnest": ("'{a}'::text[]", "'{a}'::text[]", "'{a}'::text[]", "'{a}'::text[]"),
    "generate_series": ("1", "10", "1"),
    "exploding_generate_series": ("1", "10", "1"),
    "make_interval": ("1", "1", "1", "1", "1", "1", "1"),
    "replace": (_TEXT, _TEXT, _TEXT),
    "regexp_replace": (_TEXT, _TEXT, _TEXT, "'g'"),
    "concat": (_TEXT,) * 8,
    "format": ("'%s'", _TEXT, _TEXT, _TEXT),
    "lower": (_TEXT,),
    "upper": (_TEXT,),
    "md5": (_TEXT,),
    "encode": ("'\\x00'", "'hex'"),
    "decode": ("'00'", "'hex'"),
    "similarity": (_TEXT, _TEXT),
    "word_similarity": (_TEXT, _TEXT),
    "strpos": (_TEXT, _TEXT),
    "starts_with": (_TEXT, _TEXT),
    "nextval": ("'1'",),
    "jsonb_build_object": ("'key'", _TEXT) * 8,
    "json_build_object": ("'key'", _TEXT) * 8,
    "json_object": ("'key'", _TEXT) * 8,
    "jsonb_set": ("'{}'", "'{key}'", "'1'", "true"),
    "jsonb_extract_path": ("'{}'", "'key'", "'key'"),
    "jsonb_extract_path_text": ("'{}'", "'key'", "'key'"),
    "json_extract_path_text": ("'{}'", "'key'", "'key'"),
    "jsonb_path_exists": ("'{}'", "'$.key'"),
    "jsonb_path_query": ("'{}'", "'$.key'"),
    "jsonb_array_elements": ("'[]'",),
    "jsonb_array_elements_text": ("'[]'",),
    "jsonb_to_recordset": ("'[]'",),
    "json_to_recordset": ("'[]'",),
    "jsonb_populate_recordset": ("NULL", "'[]'"),
    "array_append": ("'{}'", _ANY),
    "array_remove": ("'{}'", _ANY),
    "array_position": ("'{}'", _ANY),
    "array_prepend": (_ANY, "'{}'"),
    "array_replace": ("'{}'", _ANY, _ANY),
    "timezone": ("'UTC'", "now()"),
    "at_time_zone": ("now()", "'UTC'"),
    "setweight": ("''", "'A'"),
    "ts_rank": ("''", _TEXT),
    "ts_headline": (_TEXT, _TEXT),
    "set_bit": ("'0'", "0", "1"),
    "ntile": ("4",),
    "convert_from": ("'\\x61'", "'UTF8'"),
    "convert_to": (_TEXT, "'UTF8'"),
    "hashtext": (_TEXT,),
    "hashtextextended": (_TEXT, "0"),
    "digest": (_TEXT, "'sha256'"),
    "crypt": (_TEXT, _TEXT),
}
"""Built-in functions (by the parser's name for them too) whose arguments cannot be a plain number."""


NAMED_ARGUMENTS = {
    "time_to_str.format": "'YYYY-MM-DD'",
    "str_to_time.format": "'YYYY-MM-DD'",
    "str_position.substr": _TEXT,
    "trim.expression": "' '",
    "overlay.expression": _TEXT,
    "pad.fill_pattern": "' '",
    "extract.this": "'day'",
    "regexp_replace.expression": _TEXT,
    "regexp_replace.replacement": _TEXT,
    "split_part.delimiter": "','",
}
"""Arguments of functions that the parser has nodes of their own for, by the node's name for the argument."""


def argument_literal(function: str, position: int, count: int, snapshot: Snapshot) -> str:
    """A literal for that argument of ``count``; a number where nothing else is known, which most functions take."""
    if function in NAMED_ARGUMENTS:
        return NAMED_ARGUMENTS[function]
    known = _BY_FUNCTION.get(f"{function}/{count}") or _BY_FUNCTION.get(function)
    if known is not None:
        return known[min(position, len(known) - 1)]
    for own in snapshot.functions:
        if own.name.name == function:
            types = argument_types(own.arguments)
            if position < len(types):
                return f"{default_literal(types[position], snapshot)}::{types[position]}"
    return "1"


def argument_types(arguments: str) -> list[str]:
    """Types in ``pg_get_function_identity_arguments``: ``id integer, name text`` gives ``integer`` and ``text``."""
    types: list[str] = []
    for argument in _split(arguments):
        words = argument.split()
        if words and words[0].upper() in ("IN", "INOUT", "VARIADIC"):
            words = words[1:]
        if len(words) > 1 and " ".join(words) not in _TWO_WORD_TYPES and not _begins_two_word_type(words):
            words = words[1:]  # the argument's name
        types.append(" ".join(words))
    return types


_TWO_WORD_TYPES = frozenset(
    {
        "double precision",
        "character varying",
        "bit varying",
        "timestamp with time zone",
        "timestamp without time zone",
        "time with time zone",
        "time without time zone",
    }
)


def _begins_two_word_type(words: list[str]) -> bool:
    return any(" ".join(words).startswith(name) for name in _TWO_WORD_TYPES)


def _split(arguments: str) -> list[str]:
    parts: list[str] = []
    depth = 0
    current = ""
    for character in arguments:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += character
    return [part.strip() for part in [*parts, current] if part.strip()]
