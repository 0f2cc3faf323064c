"""Migration files read: the statements of their way up, each with its file and line.

A plain file is read whole, as psql does. Of the files of tools that keep both ways in one, the way up alone:

- dbmate: ``-- migrate:up [transaction:false]``, ``-- migrate:down``
- goose: ``-- +goose Up``, ``Down``, ``NO TRANSACTION``, ``StatementBegin``, ``StatementEnd``
- sql-migrate: ``-- +migrate Up [notransaction]``, ``Down``, ``StatementBegin``, ``StatementEnd``
- tern: ``---- create above / drop below ----``

Files that hold the way back alone (``.down.sql``, ``.rollback.sql``, Flyway's ``U…__``, sqitch's
``revert``) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from dbtune.logs.sql_file import read_sql_text
from dbtune.model.errors import UsageError
from dbtune.model.location import SourceLocation
from dbtune.model.migration import Migration, PendingStatement, Wrapping
from dbtune.model.snapshot import Dialect
from dbtune.sql.lexing import tokens
from dbtune.sql.splitting import located_statements, unfinished_at

WAY_BACK = re.compile(
    r"\.(?:down|rollback|undo)\.sql\Z|\AU[\d._]+__.*\.sql\Z|(?:\A|[_.-])(?:down|rollback)\.sql\Z", re.IGNORECASE
)
WAY_BACK_FOLDERS = ("revert", "way_back")
"""Of sqitch, and beside the files of tools without a way back."""

GOLANG_MIGRATE = re.compile(r"\A\d+_.*\.up\.sql\Z", re.IGNORECASE)
PRISMA = "migration.sql"

_DBMATE = re.compile(r"^[ \t]*--[ \t]*migrate:(?P<way>\S+)(?P<options>[^\n]*)$", re.MULTILINE)
_GOOSE = re.compile(r"^[ \t]*--[ \t]*\+goose[ \t]+(?P<words>[^\n]*?)[ \t]*\r?$", re.MULTILINE)
_SQL_MIGRATE = re.compile(r"^[ \t]*--[ \t]*\+migrate[ \t]+(?P<words>[^\n]*?)[ \t]*\r?$", re.MULTILINE)
_TERN = re.compile(r"^---- create above / drop below ----[ \t]*\r?$", re.MULTILINE)
_TERN_ALONE = re.compile(r"^---- tern: disable-tx ----", re.MULTILINE)
_NO_TRANSACTION = re.compile(
    r"^(?:--! no-transaction|-- no-transaction|-- atlas:txmode none|--[ \t]*transactional:[ \t]*false)\b", re.MULTILINE
)
_FOLLOWED = ("\\i", "\\ir", "\\include", "\\include_relative")
_CONDITIONS = ("\\if", "\\elif", "\\else", "\\endif")
_COMMAND = re.compile(r"^[ \t]*(?P<command>\\[a-z_]+)", re.MULTILINE)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Section:
    """The way up of a file: its text with all else blanked out, so that lines keep their numbers."""

    text: str
    wrapping: Wrapping


def read_migrations(paths: Sequence[Path], dialect: Dialect = "postgres") -> Migration:
    """The statements of all files, in the order in which a tool would run them.

    Raises UsageError, naming file and line, for a file that is no text of SQL, lacks its way up or breaks off within a
    string or a comment, and where there is no statement in any.
    """
    statements: list[PendingStatement] = []
    notes: list[tuple[SourceLocation, str]] = []
    for path in in_order(paths):
        if _is_verification(path):
            continue
        if WAY_BACK.search(path.name) or path.parent.name in WAY_BACK_FOLDERS:
            notes.append((SourceLocation(str(path), 1), "it holds the way back, and is left out"))
            continue
        content = read_sql_text(path)
        notes += _notes(path, content)
        statements += _statements(path, section_of(path, content), dialect)
    if not statements:
        only_back = bool(notes) and all("way back" in words for _, words in notes)
        why = "these hold only ways back" if only_back else "there is no statement in it"
        raise UsageError(f"{', '.join(map(str, paths[:3]))}: no migration to check: {why}")
    return Migration(tuple(statements), tuple(notes))


def _is_verification(path: Path) -> bool:
    """Of sqitch: it asks whether a change is there."""
    return path.parent.name == "verify" and (path.parent.parent / "sqitch.plan").exists()


def in_order(paths: Sequence[Path]) -> list[Path]:
    """As given; where a shell sorted them letter by letter, by the numbers in their names (2 before 10)."""
    given = list(paths)
    if given == sorted(given):
        return sorted(given, key=lambda path: [_natural(part) for part in path.parts])
    return given


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in _DIGITS.split(name) if part)


def section_of(path: Path, content: str) -> Section:
    """The way up. Raises UsageError where markers of a tool stand in the file and do not say which part that is."""
    if _DBMATE.search(content):
        return _dbmate(path, content)
    if _GOOSE.search(content):
        return _goose(path, content)
    if _SQL_MIGRATE.search(content):
        return _sql_migrate(path, content)
    tern = _TERN.search(content)
    if tern is not None:
        alone = _TERN_ALONE.search(content) is not None
        return Section(content[: tern.start()], "none" if alone else "transaction")
    if _NO_TRANSACTION.search(content):
        return Section(content, "none")
    if path.name == PRISMA:
        return Section(content, "one call")
    if GOLANG_MIGRATE.match(path.name):  # or any other tool's, or nobody's
        return Section(content, "perhaps one call")
    return Section(content, "unknown")


def _dbmate(path: Path, content: str) -> Section:
    up: re.Match[str] | None = None
    end = len(content)
    for marker in _DBMATE.finditer(content):
        way = marker["way"].strip()
        if way not in ("up", "down"):
            raise _wrong(path, content, marker.start(), f"'-- migrate:{way}' is neither migrate:up nor migrate:down")
        if way == "up":
            if up is not None:
                raise _wrong(path, content, marker.start(), "a second '-- migrate:up'")
            up = marker
        elif up is None:
            raise _wrong(path, content, marker.start(), "'-- migrate:down' without a '-- migrate:up' before it")
        else:
            end = min(end, marker.start())
    assert up is not None  # a file of dbmate has a marker, and one that is not up was refused
    alone = re.search(r"\btransaction:false\b", up["options"]) is not None
    return Section(_blanked(content, [(up.end(), end)]), "one call" if alone else "transaction")


def _goose(path: Path, content: str) -> Section:
    return _annotated(path, content, _GOOSE, "+goose", {"NO TRANSACTION", "ENVSUB ON", "ENVSUB OFF"})


def _sql_migrate(path: Path, content: str) -> Section:
    return _annotated(path, content, _SQL_MIGRATE, "+migrate", set())


def _annotated(path: Path, content: str, marker: re.Pattern[str], name: str, others: set[str]) -> Section:
    """Files of goose and sql-migrate, which differ in two words."""
    parts: list[tuple[int, int]] = []
    start: int | None = None
    begun: int | None = None
    wrapping: Wrapping = "transaction"
    seen_up = False
    for found in marker.finditer(content):
        words = " ".join(found["words"].split())
        way, _, options = words.partition(" ")
        match way.lower():
            case "up" | "down":
                if begun is not None:
                    raise _wrong(path, content, begun, f"'-- {name} StatementBegin' without its StatementEnd")
                if start is not None:
                    parts.append((start, found.start()))
                start = found.end() if way.lower() == "up" else None
                seen_up = seen_up or start is not None
                if options.lower() == "notransaction" and start is not None:
                    wrapping = "none"
            case "statementbegin":
                if begun is not None:
                    raise _wrong(path, content, found.start(), f"'-- {name} StatementBegin' within another one")
                begun = found.start()
            case "statementend":
                if begun is None:
                    raise _wrong(path, content, found.start(), f"'-- {name} StatementEnd' without its StatementBegin")
                begun = None
            case _ if words.upper() in others:
                wrapping = "none" if words.upper() == "NO TRANSACTION" else wrapping
            case _ if marker is _GOOSE:  # sql-migrate passes over what it does not know
                raise _wrong(path, content, found.start(), f"'-- {name} {words}' is no annotation that is known")
    if begun is not None:
        raise _wrong(path, content, begun, f"'-- {name} StatementBegin' without its StatementEnd")
    if start is not None:
        parts.append((start, len(content)))
    if not seen_up:
        raise _wrong(path, content, 0, f"no '-- {name} Up' in a file with other annotations of that tool")
    return Section(_blanked(content, parts), wrapping)


def _blanked(content: str, kept: Sequence[tuple[int, int]]) -> str:
    """The text with everything outside these spans replaced by spaces; line ends stay."""
    pieces: list[str] = []
    at = 0
    for start, end in [*kept, (len(content), len(content))]:
        pieces.append(re.sub(r"[^\n]", " ", content[at:start]))
        pieces.append(content[start:end])
        at = end
    return "".join(pieces)


def _statements(path: Path, section: Section, dialect: Dialect) -> Iterator[PendingStatement]:
    text = section.text
    found = list(located_statements(text, dialect))
    if found and dialect == "postgres":
        _refuse_unfinished(path, text, found[-1].start)
    in_block = False
    for one in found:
        pending = PendingStatement(
            one.text,
            SourceLocation(str(path), line_of(text, one.start)),
            section.wrapping,
            len(found) == 1,
            dialect=dialect,
        )
        words = [token.word for token in tokens(one.text, dialect)[:2]]
        if words[0] == "begin" or words == ["start", "transaction"]:
            in_block = True
        elif words[0] in ("commit", "end", "rollback", "abort") and words != ["rollback", "to"]:
            in_block = False
        yield replace(pending, in_block=in_block)


def _refuse_unfinished(path: Path, text: str, start: int) -> None:
    words = [token.word for token in tokens(text[start : start + 4000])]
    if words[:1] == ["copy"] and any(pair == ("from", "stdin") for pair in pairwise(words)):
        return  # what follows is data
    at = unfinished_at(text[start:])
    if at is not None:
        what = "a comment" if text.startswith("/*", start + at) else "a string or a quoted name"
        raise _wrong(path, text, start + at, f"{what} begins here and does not end")


def _notes(path: Path, content: str) -> Iterator[tuple[SourceLocation, str]]:
    for hit in _COMMAND.finditer(content):
        location = SourceLocation(str(path), line_of(content, hit.start()))
        if hit["command"] in _FOLLOWED:
            yield location, f"the file that {hit['command']} names is not read: name it on the command line too"
        elif hit["command"] in _CONDITIONS:
            yield location, f"{hit['command']} of psql is not evaluated: all branches are read"


def line_of(text: str, at: int) -> int:
    """The line, from 1 on, of a place in a text."""
    return text.count("\n", 0, at) + 1


def _wrong(path: Path, content: str, at: int, why: str) -> UsageError:
    return UsageError(f"{path}:{line_of(content, at)}: {why}")
