"""The nouns that a statement which changes a schema is read into, whatever the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbtune.sql.lexing import tokens

ActionKind = Literal[
    "add column",
    "drop column",
    "set type",
    "set not null",
    "add check",
    "add foreign key",
    "add unique",
    "add primary key",
    "add exclusion",
    "add not null",
    "validate",
    "rename column",
    "rename table",
    "rename other",
    "attach",
    "detach",
    "owner",
    "add index",
    "drop index",
    "drop primary key",
    "convert",
    "rebuild",
    "other",
]


@dataclass(frozen=True)
class Action:
    """One action of ALTER TABLE; ``text[start:end]`` of the statement is its spelling."""

    kind: ActionKind
    start: int
    end: int
    name: str = ""
    """Of the column or the constraint; empty where none is given."""
    not_valid: bool = False
    using_index: bool = False
    inline: tuple[ActionKind, ...] = ()
    """Of an added column: the constraints that are written with it."""
    has_default: bool = False


@dataclass(frozen=True)
class Renaming:
    """One thing that gets another name; of a table, both may have its schema before it."""

    thing: Literal["table", "column", "index"]
    old: tuple[str, ...]
    new: tuple[str, ...]


@dataclass(frozen=True)
class Ddl:
    """A statement's form."""

    text: str
    verb: str
    """Its first word: ``create``, ``alter``, ``insert``, ..."""
    object: str = ""
    """Of CREATE, ALTER, DROP and their like, what it is about: ``table``, ``index``, ``type``, ..."""
    name: tuple[str, ...] = ()
    """Parts of the (first) name, unquoted; empty where there is none."""
    concurrently: bool = False
    unique: bool = False
    actions: tuple[Action, ...] = ()
    setting: str = ""
    """Of SET: what is set, in lower case."""
    full: bool = False
    """VACUUM FULL."""
    names: tuple[tuple[str, ...], ...] = ()
    """MySQL and MariaDB, of DROP TABLE and DROP VIEW: all the names."""
    temporary: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """MySQL and MariaDB, of SET: each name and its value, in lower case, without quotes. What is not the session's own
    has ``global.`` before its name."""
    renamed: tuple[Renaming, ...] = ()
    """MySQL and MariaDB, in the order in which they are written."""
    algorithm: str = ""
    """MySQL and MariaDB: what the statement says of ALGORITHM, in capitals; empty where it says nothing."""
    lock: str = ""
    clauses_at: int | None = None
    """Position in the text where ALGORITHM and LOCK can be written; None where they cannot."""
    clauses_with_comma: bool | None = None
    """Whether a comma stands behind them there, and between them; None: neither."""

    @property
    def leaves_way(self) -> bool:
        """Whether it could say something of ALGORITHM and LOCK, and says nothing."""
        return self.clauses_at is not None and not self.algorithm and not self.lock

    @property
    def what(self) -> str:
        """``CREATE INDEX``, ``VACUUM``."""
        return f"{self.verb} {self.object}".strip().upper()

    @property
    def drops_index(self) -> bool:
        """Whether it is a DROP INDEX, which is not the same as ALTER TABLE … DROP INDEX everywhere."""
        return (self.verb, self.object) == ("drop", "index")

    def spelled(self, action: Action) -> str:
        return self.text[action.start : action.end]

    @property
    def after_index_word(self) -> int | None:
        """Where CONCURRENTLY would be written in CREATE and DROP INDEX."""
        return self.end_of_word("index")

    def end_of_word(self, word: str) -> int | None:
        """Where the first such word ends."""
        return next((token.end for token in tokens(self.text) if token.word == word), None)
