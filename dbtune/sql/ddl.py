"""What form a statement of a migration has, read from its tokens: the server says what it does, its text how it is put.

Nothing here raises: what is not known is ``other``. Source of the syntax: PostgreSQL manual, ALTER TABLE, CREATE INDEX.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dbtune.model.snapshot import Dialect
from dbtune.sql.ddl_form import Action, ActionKind, Ddl
from dbtune.sql.ddl_mysql import read_mysql_ddl
from dbtune.sql.lexing import Token, tokens

_NOISE = frozenset(
    "or replace temp temporary unlogged global local materialized recursive unique foreign event constraint trusted "
    "procedural".split()
)
_TWO_WORD_OBJECTS = {("access", "method"), ("text", "search"), ("default", "privileges"), ("user", "mapping")}
_CONSTRAINTS: dict[str, ActionKind] = {
    "check": "add check",
    "foreign": "add foreign key",
    "unique": "add unique",
    "primary": "add primary key",
    "exclude": "add exclusion",
    "not": "add not null",
}


def read_ddl(text: str, dialect: Dialect = "postgres") -> Ddl:
    """The form of one statement."""
    if dialect != "postgres":
        return read_mysql_ddl(text)
    found = tokens(text)
    words = [token.word for token in found]
    verb = words[0] if words else ""
    if verb in ("create", "alter", "drop", "reindex", "cluster", "vacuum", "refresh", "truncate", "lock", "comment"):
        return _about_an_object(text, verb, found, words)
    if verb == "set":
        rest = [word for word in words[1:] if word not in ("session", "local")]
        return Ddl(text, verb, setting=rest[0] if rest else "")
    if verb == "select" and words[1:2] != [""] and "set_config" in words[1:5]:
        name = next((token.spelling.strip("'").lower() for token in found if token.kind == "string"), "")
        return Ddl(text, verb, setting=name)
    return Ddl(text, verb)


def _about_an_object(text: str, verb: str, found: Sequence[Token], words: Sequence[str]) -> Ddl:
    at = 1
    unique = False
    while at < len(words) and words[at] in _NOISE:
        unique = unique or words[at] == "unique"
        at += 1
    if verb in ("vacuum", "cluster", "lock", "truncate"):
        at, is_full = _options(found, words, at)
        at += words[at : at + 1] == ["table"]
        return Ddl(text, verb, name=_name(found, at), full=is_full)
    if verb == "reindex":
        at, _ = _options(found, words, at)
    object_ = words[at] if at < len(words) else ""
    at += 2 if tuple(words[at : at + 2]) in _TWO_WORD_OBJECTS else 1
    concurrently = words[at : at + 1] == ["concurrently"] or (verb == "reindex" and "concurrently" in words[:at])
    at += words[at : at + 1] == ["concurrently"]
    at = _behind_exists(words, at)
    at += words[at : at + 1] == ["only"]
    if verb == "refresh":
        object_ = "materialized view"
        at = 2 + (words[1] == "materialized")
        concurrently = words[at : at + 1] == ["concurrently"]
        at += concurrently
    if (verb, object_) == ("create", "index"):
        on = next((place for place in range(at, len(words)) if words[place] == "on"), len(words))
        at = on + 1 + (words[on + 1 : on + 2] == ["only"])
        return Ddl(text, verb, object_, _name(found, at), concurrently, unique)
    if object_ == "trigger":
        on = next((place for place in range(at, len(words)) if words[place] == "on"), len(words))
        return Ddl(text, verb, object_, _name(found, on + 1))
    name = _name(found, at)
    is_relation = object_ in ("table", "index", "view", "sequence") or verb == "refresh"
    actions = _actions(text, found, at + 2 * len(name) - 1) if verb == "alter" and is_relation else ()
    return Ddl(text, verb, object_, name, concurrently, unique, actions)


def _options(found: Sequence[Token], words: Sequence[str], at: int) -> tuple[int, bool]:
    """Behind the options of VACUUM and REINDEX, in parentheses or not; whether FULL is among them."""
    start = at
    if at < len(found) and found[at].spelling == "(":
        while at < len(found) and found[at].spelling != ")":
            at += 1
        at += 1
    while at < len(words) and words[at] in ("full", "freeze", "verbose", "analyze"):
        at += 1
    return at, "full" in words[start:at]


def _behind_exists(words: Sequence[str], at: int) -> int:
    if words[at : at + 1] != ["if"]:
        return at
    return at + (3 if words[at + 1 : at + 2] == ["not"] else 2)


def _name(found: Sequence[Token], at: int) -> tuple[str, ...]:
    parts: list[str] = []
    while at < len(found) and found[at].kind in ("word", "quoted"):
        parts.append(unquoted(found[at]))
        if at + 1 < len(found) and found[at + 1].spelling == ".":
            at += 2
            continue
        break
    return tuple(parts)


def unquoted(token: Token) -> str:
    """The identifier that a token stands for, as the catalog holds it."""
    if token.kind == "quoted":
        return token.spelling[1:-1].replace('""', '"')
    return token.word or token.spelling


def _actions(text: str, found: Sequence[Token], at: int) -> tuple[Action, ...]:
    """The actions, told apart by the commas that stand outside parentheses."""
    actions: list[Action] = []
    depth, start = 0, at
    for place in range(at, len(found) + 1):
        spelling = found[place].spelling if place < len(found) else ","
        depth += (spelling in "([") - (spelling in ")]")
        if place == len(found) or (spelling == "," and depth == 0):
            if place > start:
                actions.append(_action(found[start:place]))
            start = place + 1
    return tuple(actions)


def _action(found: Sequence[Token]) -> Action:
    words = [token.word for token in found]
    start, end = found[0].start, found[-1].end
    not_valid = words[-2:] == ["not", "valid"]
    using_index = any(pair == ("using", "index") for pair in pairwise(words))
    match words:
        case ["add", "constraint", *_]:
            at = 3
            kind = _CONSTRAINTS.get(words[at] if len(words) > at else "", "other")
            return Action(kind, start, end, unquoted(found[2]) if len(found) > 2 else "", not_valid, using_index)
        case ["add", ("check" | "foreign" | "unique" | "primary" | "exclude" | "not") as word, *_]:
            return Action(_CONSTRAINTS[word], start, end, "", not_valid, using_index)
        case ["add", *_]:
            return _added_column(found, words, start, end)
        case ["drop", "constraint", *_]:
            return Action("other", start, end)
        case ["drop", *_]:
            at = _behind_exists(words, 1 + (words[1:2] == ["column"]))
            return Action("drop column", start, end, _at(found, at))
        case ["alter", *_]:
            return _altered_column(found, words, start, end)
        case ["validate", "constraint", *_]:
            return Action("validate", start, end, _at(found, 2))
        case ["rename", "to", *_]:
            return Action("rename table", start, end)
        case ["rename", "constraint", *_]:
            return Action("rename other", start, end)
        case ["rename", *_]:
            return Action("rename column", start, end, _at(found, 1 + (words[1:2] == ["column"])))
        case ["attach", "partition", *_]:
            return Action("attach", start, end, ".".join(_name(found, 2)))
        case ["detach", "partition", *_]:
            return Action("detach", start, end, ".".join(_name(found, 2)), using_index="concurrently" in words)
        case ["owner", "to", *_]:
            return Action("owner", start, end)
        case _:
            return Action("other", start, end)


def _at(found: Sequence[Token], at: int) -> str:
    return unquoted(found[at]) if at < len(found) else ""


def _added_column(found: Sequence[Token], words: Sequence[str], start: int, end: int) -> Action:
    at = _behind_exists(words, 1 + (words[1:2] == ["column"]))
    inline: list[ActionKind] = []
    depth = 0
    for place in range(at + 1, len(found)):
        depth += (found[place].spelling == "(") - (found[place].spelling == ")")
        if depth:
            continue
        match words[place : place + 2]:
            case ["references", *_]:
                inline.append("add foreign key")
            case ["unique", *_]:
                inline.append("add unique")
            case ["primary", "key"]:
                inline.append("add primary key")
            case ["check", *_]:
                inline.append("add check")
            case ["not", "null"]:
                inline.append("add not null")
    return Action("add column", start, end, _at(found, at), inline=tuple(inline), has_default="default" in words[at:])


def _altered_column(found: Sequence[Token], words: Sequence[str], start: int, end: int) -> Action:
    at = 1 + (words[1:2] == ["column"])
    name, rest = _at(found, at), words[at + 1 :]
    match rest:
        case ["set", "not", "null", *_]:
            return Action("set not null", start, end, name)
        case ["type", *_] | ["set", "data", "type", *_]:
            return Action("set type", start, end, name)
        case _:
            return Action("other", start, end, name)
