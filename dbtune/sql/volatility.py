"""Whether an expression may stand in an index: only immutable functions, operators and casts.

Sources: ``pg_proc.provolatile`` and ``pg_cast`` of Postgres 18; the manual, "Function Volatility Categories".
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from sqlglot import exp

from dbtune.sql.lexing import Token, tokens
from dbtune.sql.mysql_volatility import is_deterministic
from dbtune.sql.scopes import Scope

IMMUTABLE_FUNCTIONS = frozenset(
    """
    abs acos array_append array_cat array_length array_lower array_ndims array_position array_prepend array_remove
    array_replace array_to_tsvector array_upper ascii asin atan atan2 bit_length btrim cardinality cast cbrt ceil
    ceiling char_length character_length chr coalesce cos cot date_part date_trunc decode
    degrees div encode exp extract factorial floor get_bit get_byte greatest host hstore_to_array initcap isempty
    jsonb_array_length jsonb_extract_path jsonb_extract_path_text jsonb_path_exists jsonb_path_match
    jsonb_path_query_array jsonb_path_query_first jsonb_strip_nulls jsonb_typeof json_array_length json_extract_path
    json_extract_path_text json_typeof least left length ln log log10 lower lower_inc lower_inf lpad ltrim make_date
    make_interval md5 mod netmask network nullif numnode octet_length overlay pi position power radians regexp_match
    regexp_replace regexp_substr repeat replace reverse right round rpad rtrim set_bit setweight sha224 sha256 sha384
    sha512 sign sin split_part sqrt starts_with strip strpos substr substring tan to_ascii to_hex to_tsquery
    to_tsvector plainto_tsquery phraseto_tsquery websearch_to_tsquery translate trim trunc tsvector_to_array upper
    upper_inc upper_inf width_bucket int4range int8range numrange daterange tsrange tstzrange range_merge text bool
    int4 int8 numeric float8 point box inet_same_family masklen family broadcast hostmask
    """.split()
)
"""Built-in functions and special forms (COALESCE, CAST) that are immutable, some of them for some arguments only."""

CHECKED_BY_ARGUMENT = frozenset(
    """
    date_part date_trunc extract length numeric to_tsvector to_tsquery plainto_tsquery phraseto_tsquery
    websearch_to_tsquery
    """.split()
)
"""Of these, those with a variant that is not: ``is_immutable`` looks at what they are given."""

_KEYWORDS_BEFORE_PARENTHESIS = frozenset(
    "and or not in is then else when case like between from for array any all".split()
)
_NEEDS_CONFIGURATION = frozenset(name for name in CHECKED_BY_ARGUMENT if name.startswith("to_ts") or "query" in name)
_CURRENT = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentTime, exp.CurrentUser)

Kind = Literal["number", "text", "boolean", "date", "timestamp", "timestamptz", "json", "uuid", "literal", "other"]

_TYPES: tuple[tuple[str, Kind], ...] = (
    ("timestamp with time zone", "timestamptz"),
    ("timestamptz", "timestamptz"),
    ("timestamp", "timestamp"),
    ("date", "date"),
    ("character", "text"),
    ("text", "text"),
    ("varchar", "text"),
    ("char", "text"),
    ("name", "text"),
    ("json", "json"),
    ("uuid", "uuid"),
    ("bool", "boolean"),
    ("int", "number"),
    ("bigint", "number"),
    ("smallint", "number"),
    ("numeric", "number"),
    ("decimal", "number"),
    ("real", "number"),
    ("double", "number"),
    ("float", "number"),
)
_IMMUTABLE_CASTS: dict[Kind, frozenset[Kind]] = {
    "number": frozenset({"number", "text", "boolean"}),
    "text": frozenset({"text", "number", "boolean", "json", "uuid"}),
    "boolean": frozenset({"boolean", "text", "number"}),
    "date": frozenset({"date", "timestamp"}),
    "timestamp": frozenset({"timestamp", "date"}),
    "timestamptz": frozenset({"timestamptz"}),
    "json": frozenset({"json", "text", "number", "boolean"}),
    "uuid": frozenset({"uuid", "text"}),
    "literal": frozenset({"number", "text", "boolean", "json", "uuid", "date", "timestamp", "other"}),
}


def is_immutable(node: exp.Expr, text: str, scope: Scope) -> bool:
    """Whether the expression, whose text is ``text``, uses nothing but immutable functions, operators and casts."""
    if scope.parsed.dialect != "postgres":
        return not any(node.find_all(*_CURRENT)) and is_deterministic(text)
    if any(node.find_all(*_CURRENT)) or not _functions_are_immutable(text, scope):
        return False
    for part in node.walk():
        if isinstance(part, exp.Cast) and not _cast_is_immutable(part, scope):
            return False
        if isinstance(part, (exp.Extract, exp.TimestampTrunc, exp.DateTrunc)):
            inner = part.args.get("expression") if isinstance(part, exp.Extract) else part.this
            if not isinstance(inner, exp.Expr) or kind_of(inner, scope) not in ("timestamp", "date"):
                return False
        if isinstance(part, exp.DPipe) and not all(
            kind_of(side, scope) in ("text", "literal", "json") for side in (part.this, part.expression)
        ):
            return False
        if isinstance(part, (exp.Add, exp.Sub)) and not all(
            kind_of(side, scope) in ("number", "literal", "date") for side in (part.this, part.expression)
        ):
            return False
    return True


def _functions_are_immutable(text: str, scope: Scope) -> bool:
    found = tokens(text)
    for token, after in pairwise(found):
        if token.kind not in ("word", "quoted") or after.spelling != "(":
            continue
        name = token.word or token.spelling.strip('"')
        if name in _KEYWORDS_BEFORE_PARENTHESIS:
            continue
        own = [function for function in scope.gathered.snapshot.functions if function.name.name == name]
        if own and any(function.volatility != "immutable" for function in own):
            return False
        if not own and name not in IMMUTABLE_FUNCTIONS and not _is_type_length(found, token.start):
            return False
        if name in _NEEDS_CONFIGURATION and not _names_configuration(text[after.end :]):
            return False
    return True


def _is_type_length(found: list[Token], start: int) -> bool:
    """``x::varchar(10)``: a word before a parenthesis that is a type."""
    for before, token in pairwise(found):
        if token.start == start:
            return bool(before.spelling == "::" or before.word == "as")
    return False


def _names_configuration(arguments: str) -> bool:
    """``to_tsvector('english', body)`` is immutable, ``to_tsvector(body)`` follows a setting."""
    inner = tokens(arguments)
    if not inner or inner[0].kind != "string":
        return False
    behind = next((token for token in inner[1:] if token.kind == "punctuation" and token.spelling in (",", ")")), None)
    return behind is not None and behind.spelling == ","


def _cast_is_immutable(cast: exp.Cast, scope: Scope) -> bool:
    target = kind_of_type(cast.to.sql(dialect="postgres"))
    return target in _IMMUTABLE_CASTS.get(kind_of(cast.this, scope), frozenset())


def kind_of(node: exp.Expr, scope: Scope) -> Kind:
    """A coarse type of an expression, enough to know which casts and functions on it are immutable."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Column):
        output = scope.output(node)
        return _of_column_type(output.base.type, scope) if output and output.base else "other"
    if isinstance(node, exp.Cast):
        return kind_of_type(node.to.sql(dialect="postgres"))
    if isinstance(node, exp.AtTimeZone):
        return "timestamp" if kind_of(node.this, scope) == "timestamptz" else "timestamptz"
    if isinstance(node, exp.Literal):
        return "literal"
    if isinstance(node, (exp.JSONExtractScalar, exp.JSONBExtractScalar)):
        return "text"
    if isinstance(node, (exp.JSONExtract, exp.JSONBExtract)):
        return "json"
    if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
        inner = kind_of(node.this, scope)
        return "timestamptz" if inner == "date" else inner
    if isinstance(node, exp.Coalesce):
        return kind_of(node.this, scope)
    if isinstance(node, (exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.DPipe, exp.Initcap, exp.MD5)):
        return "text"
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Length, exp.Abs, exp.Neg, exp.Round)):
        return "number"
    return "other"


def _of_column_type(name: str, scope: Scope) -> Kind:
    """A domain is what it is made of."""
    found = kind_of_type(name)
    if found == "other":
        bare = name.rpartition(".")[2].strip('"')
        for user_type in scope.gathered.snapshot.types:
            if user_type.kind == "domain" and user_type.name.name == bare and user_type.base_type:
                return _of_column_type(user_type.base_type, scope)
    return found


def kind_of_type(name: str) -> Kind:
    """The coarse type of ``format_type``'s text."""
    lowered = name.lower()
    if lowered.endswith("[]") or "." in lowered:
        return "other"
    if lowered.startswith(("interval", "int4range", "int8range")):
        return "other"
    return next((kind for prefix, kind in _TYPES if lowered.startswith(prefix)), "other")
