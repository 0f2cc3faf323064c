"""What form a statement of a migration for MySQL or MariaDB has, read from its tokens.

Nothing here raises: what is not known is ``other``. Source of the syntax: MySQL Reference Manual, "ALTER TABLE
Statement", "CREATE INDEX Statement"; MariaDB's manual, "ALTER TABLE".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from dbtune.sql.ddl_form import Action, ActionKind, Ddl, Renaming
from dbtune.sql.lexing_mysql import mysql_tokens
from dbtune.sql.mysql_edits import spelled
from dbtune.sql.tokens import Token

_OBJECTS = frozenset(
    "table index view trigger procedure function event database schema user role server tablespace logfile sequence "
    "package instance resource spatial".split()
)
_CREATE_NOISE = frozenset("or replace temporary unique fulltext online offline ignore aggregate undo".split())
_KEYS: dict[str, ActionKind] = {
    "check": "add check",
    "foreign": "add foreign key",
    "unique": "add unique",
    "primary": "add primary key",
    "index": "add index",
    "key": "add index",
    "fulltext": "add index",
    "spatial": "add index",
    "vector": "add index",
    "period": "other",
    "partition": "other",
    "system": "other",
}
_DROPPED: dict[str, ActionKind] = {
    "index": "drop index",
    "key": "drop index",
    "primary": "drop primary key",
    "foreign": "other",
    "check": "other",
    "constraint": "other",
    "partition": "other",
    "period": "other",
    "system": "other",
}
_BY_PARTITION = (["partition", "by"], ["remove", "partitioning"])


def read_mysql_ddl(text: str) -> Ddl:
    """The form of one statement."""
    found = mysql_tokens(text)
    words = [token.word for token in found]
    match words[:1]:
        case ["set"]:
            settings = tuple(map(_setting, _parts(found, 1)))
            return Ddl(text, "set", setting=settings[0][0] if settings else "", settings=settings)
        case ["rename"] if words[1:2] in (["table"], ["tables"]):
            return _rename_tables(text, found, words)
        case ["truncate"]:
            return Ddl(text, "truncate", "table", _name(found, 1 + (words[1:2] == ["table"])))
        case [("create" | "alter" | "drop") as verb]:
            return _about_an_object(text, verb, found, words)
        case [verb]:
            return Ddl(text, verb)
        case _:
            return Ddl(text, "")


def _name(found: Sequence[Token], at: int) -> tuple[str, ...]:
    """The parts of the name that stands at that token; empty where there is none."""
    parts: list[str] = []
    while at < len(found) and found[at].kind in ("word", "quoted"):
        parts.append(spelled(found[at]))
        if at + 1 < len(found) and found[at + 1].spelling == ".":
            at += 2
            continue
        break
    return tuple(parts)


def _setting(found: Sequence[Token]) -> tuple[str, str]:
    """``lock_wait_timeout`` and ``5``; with ``global.`` before the name where it is not the session's own."""
    words = [token.word for token in found]
    everybody = words[:1] in (["global"], ["persist"], ["persist_only"])
    words = words[1:] if everybody or words[:1] in (["session"], ["local"]) else words
    name = words[0] if words else ""
    for prefix in ("@@global.", "@@persist.", "@@persist_only."):
        if name.startswith(prefix):
            everybody, name = True, name.removeprefix(prefix)
    name = name.removeprefix("@@").removeprefix("session.").removeprefix("local.")
    value = found[-1].spelling.strip("'\"").lower()
    return f"global.{name}" if everybody else name, value


def _rename_tables(text: str, found: Sequence[Token], words: Sequence[str]) -> Ddl:
    at = _behind_exists(words, 2)
    renamed: list[Renaming] = []
    while True:
        old = _name(found, at)
        to = next((place for place in range(at, len(words)) if words[place] == "to"), len(words))
        new = _name(found, to + 1)
        if not old or not new:
            break
        renamed.append(Renaming("table", old, new))
        comma = next((place for place in range(to, len(found)) if found[place].spelling == ","), len(found))
        at = comma + 1
    name = renamed[0].old if renamed else ()
    return Ddl(text, "rename", "table", name, actions=(Action("rename table", 0, len(text)),), renamed=tuple(renamed))


def _behind_exists(words: Sequence[str], at: int) -> int:
    if list(words[at : at + 1]) != ["if"]:
        return at
    return at + (3 if list(words[at + 1 : at + 2]) == ["not"] else 2)


def _about_an_object(text: str, verb: str, found: Sequence[Token], words: Sequence[str]) -> Ddl:
    at = 1
    # what stands before the object: UNIQUE, ALGORITHM = MERGE DEFINER = ... SQL SECURITY ... of views
    while at < len(words) and words[at] not in _OBJECTS:
        at += 1
    noise = set(words[1:at])
    object_ = words[at] if at < len(words) else ""
    if object_ == "spatial":  # CREATE SPATIAL INDEX, CREATE SPATIAL REFERENCE SYSTEM
        at += 1
        object_ = words[at] if at < len(words) else ""
    at = _behind_exists(words, at + 1)
    if object_ == "index":
        return _index(text, verb, found, words, at, unique="unique" in noise)
    name = _name(found, at)
    if verb == "alter" and object_ == "table" and name:
        return _alter_table(text, found, words, name, at + 2 * len(name) - 1)
    others = tuple(_listed(found, at)) if verb == "drop" and object_ in ("table", "view") else ()
    return Ddl(text, verb, object_, name, names=others, temporary="temporary" in noise)


def _listed(found: Sequence[Token], at: int) -> Iterator[tuple[str, ...]]:
    while name := _name(found, at):
        yield name
        at += 2 * len(name)
        if at - 1 >= len(found) or found[at - 1].spelling != ",":
            return


def _index(text: str, verb: str, found: Sequence[Token], words: Sequence[str], at: int, *, unique: bool) -> Ddl:
    index = _name(found, at)
    on = next((place for place in range(at, len(words)) if words[place] == "on"), len(words))
    kind: ActionKind = "drop index" if verb == "drop" else "add unique" if unique else "add index"
    table = _name(found, on + 1)
    algorithm, lock = _clauses(found, words, on)
    return Ddl(
        text,
        verb,
        "index",
        table,
        unique=unique,
        actions=(Action(kind, 0, len(text), index[-1] if index else ""),),
        algorithm=algorithm,
        lock=lock,
        clauses_at=found[-1].end if table else None,
    )


def _clauses(found: Sequence[Token], words: Sequence[str], at: int) -> tuple[str, str]:
    """ALGORITHM and LOCK as they are written, in capitals; empty where they are not."""
    said = {"algorithm": "", "lock": ""}
    depth = 0
    for place in range(at, len(found)):
        depth += (found[place].spelling == "(") - (found[place].spelling == ")")
        # behind a name, a comma or a parenthesis: a column may be called so too
        if depth or words[place] not in said or words[place - 1] in ("column", "add", "drop", "modify", "change"):
            continue
        value = place + 1 + (place + 1 < len(found) and found[place + 1].spelling == "=")
        if value < len(words) and words[value]:
            said[words[place]] = words[value].upper()
    return said["algorithm"], said["lock"]


def _alter_table(text: str, found: Sequence[Token], words: Sequence[str], name: tuple[str, ...], at: int) -> Ddl:
    if words[at : at + 1] == ["wait"]:  # MariaDB
        at += 2
    at += words[at : at + 1] == ["nowait"]
    actions: list[Action] = []
    renamed: list[Renaming] = []
    for part in _parts(found, at):
        if part[0].word in ("algorithm", "lock"):
            continue
        action, renaming = _action(part, name)
        actions.append(action)
        renamed += [renaming] if renaming is not None else []
    algorithm, lock = _clauses(found, words, at)
    plain = list(words[at : at + 2]) not in _BY_PARTITION and at < len(found)
    return Ddl(
        text,
        "alter",
        "table",
        name,
        actions=tuple(actions),
        renamed=tuple(renamed),
        algorithm=algorithm,
        lock=lock,
        clauses_at=found[at - 1].end,
        clauses_with_comma=plain,
    )


def _parts(found: Sequence[Token], at: int) -> Iterator[Sequence[Token]]:
    """The actions, told apart by the commas that stand outside parentheses."""
    depth, start = 0, at
    for place in range(at, len(found) + 1):
        spelling = found[place].spelling if place < len(found) else ","
        depth += (spelling == "(") - (spelling == ")")
        if place == len(found) or (spelling == "," and depth == 0):
            if place > start:
                yield found[start:place]
            start = place + 1


def _action(found: Sequence[Token], table: tuple[str, ...]) -> tuple[Action, Renaming | None]:
    words = [token.word for token in found]
    start, end = found[0].start, found[-1].end

    def at(place: int) -> str:
        return spelled(found[place]) if place < len(found) else ""

    match words:
        case ["add", "constraint", *_]:
            place = 2 if words[2:3] and words[2] in _KEYS else 3
            kind = _KEYS.get(words[place] if len(words) > place else "", "other")
            return Action(kind, start, end, "" if place == 2 else at(2)), None
        case ["add", word, *_] if word in _KEYS:
            named = 2 + (words[2:3] in (["key"], ["index"]))
            is_named = named < len(found) and found[named].kind in ("word", "quoted")
            return Action(_KEYS[word], start, end, at(named) if is_named else ""), None
        case ["add", *_]:
            return _added_column(found, words, start, end), None
        case ["drop", word, *_] if word in _DROPPED:
            place = 3 if word in ("primary", "foreign") else 2
            return Action(_DROPPED[word], start, end, at(_behind_exists(words, place))), None
        case ["drop", *_]:
            return Action("drop column", start, end, at(_behind_exists(words, 1 + (words[1:2] == ["column"])))), None
        case ["modify", *_]:
            return Action("set type", start, end, at(_behind_exists(words, 1 + (words[1:2] == ["column"])))), None
        case ["change", *_]:
            place = _behind_exists(words, 1 + (words[1:2] == ["column"]))
            old, new = at(place), at(place + 1)
            renaming = None if old.lower() == new.lower() else Renaming("column", (old,), (new,))
            return Action("set type", start, end, old), renaming
        case ["rename", ("column" | "index" | "key") as thing, *_]:
            to = next((place for place, word in enumerate(words) if word == "to"), len(words))
            old, new = at(_behind_exists(words, 2)), at(to + 1)
            if thing == "column":
                return Action("rename column", start, end, old), Renaming("column", (old,), (new,))
            return Action("rename other", start, end, old), Renaming("index", (old,), (new,))
        case ["rename", *_]:
            new_name = _name(found, 1 + (words[1:2] in (["to"], ["as"])))
            return Action("rename table", start, end), Renaming("table", table, new_name)
        case ["convert", "to", *_]:
            return Action("convert", start, end), None
        case ["engine", *_] | ["force", *_] | ["order", "by", *_]:
            return Action("rebuild", start, end), None
        case _:
            return Action("other", start, end), None


def _added_column(found: Sequence[Token], words: Sequence[str], start: int, end: int) -> Action:
    at = _behind_exists(words, 1 + (words[1:2] == ["column"]))
    inline: list[ActionKind] = []
    for pair in pairwise(words[at + 1 :]):
        match pair:
            case ("primary", "key"):
                inline.append("add primary key")
            case ("not", "null"):
                inline.append("add not null")
            case ("unique", _):
                inline.append("add unique")
    name = spelled(found[at]) if at < len(found) and found[at].kind in ("word", "quoted") else ""
    return Action("add column", start, end, name, inline=tuple(inline), has_default="default" in words[at:])
