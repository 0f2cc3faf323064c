"""The command lines of pt-online-schema-change and gh-ost for what the server can only alter by a copy.

Both copy the table beside the old one, in pieces, follow its writes meanwhile, and exchange the two. They ask for the
password; none is ever printed. Source: Percona Toolkit's manual, pt-online-schema-change; gh-ost's ``doc/``
(command-line-flags, requirements-and-limitations).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from dbtune.ddl.mysql_alter import DROP_PRIMARY_KEY, AlterTable


@dataclass(frozen=True)
class Place:
    """Where the tool is to connect. What is not known stands as a word in capitals, to be filled in."""

    host: str = "HOST"
    port: int | None = None
    user: str = "USER"


@dataclass(frozen=True)
class Ties:
    """What of the table the tools have to know."""

    referenced: bool = False
    """Foreign keys of other tables point to it."""
    references: bool = False
    """It has foreign keys itself."""
    unique: bool = True
    """It has a primary key, or a unique one without NULLs, before and after the change."""
    generated: bool = False
    """It has generated columns."""


def online_commands(alter: AlterTable, family: str, ties: Ties = Ties(), place: Place = Place()) -> tuple[str, ...]:
    """A command line for each tool that takes this table, as a shell takes it."""
    found = (pt_online_schema_change(alter, ties, place), gh_ost(alter, family, ties, place))
    return tuple(command for command in found if command is not None)


def pt_online_schema_change(alter: AlterTable, ties: Ties = Ties(), place: Place = Place()) -> str | None:
    """Follows writes by triggers. None where it refuses the table (no key to walk along) or does not find its name.

    ``--dry-run`` makes and alters the new table and stops there: to be replaced by ``--execute``.
    """
    if not ties.unique or "\\" in alter.table.schema + alter.table.name:
        return None
    dsn = [f"h={_dsn(place.host)}", *([f"P={place.port}"] if place.port else []), f"u={_dsn(place.user)}"]
    dsn += [f"D={_dsn(alter.table.schema)}", f"t={_dsn(alter.table.name)}"]
    words = ["pt-online-schema-change", "--alter", alter.body]
    if any(clause == DROP_PRIMARY_KEY for clause in alter.clauses):
        words.append("--no-check-alter")  # it wants to be told that the key is meant to go
    if ties.referenced:
        words += ["--alter-foreign-keys-method", "auto"]
    return shlex.join([*words, "--ask-pass", "--dry-run", ",".join(dsn)])


def gh_ost(alter: AlterTable, family: str, ties: Ties = Ties(), place: Place = Place()) -> str | None:
    """Follows writes by the binary log, on a primary that it is pointed at (``--allow-on-master``).

    None where it refuses the table (foreign keys either way, no key), where rows may have no place in the new table
    (it copies with INSERT IGNORE and looks at no warnings: they would be lost; pt-online-schema-change stops there), or
    the server is MariaDB, which it does not support. Without ``--execute`` it only tries: to be added.
    """
    tied = ties.references or ties.referenced or ties.generated or not ties.unique
    if family != "mysql" or tied or alter.may_refuse_rows:
        return None
    words = ["gh-ost", f"--host={place.host}", *([f"--port={place.port}"] if place.port else [])]
    words += [f"--user={place.user}", "--ask-pass", f"--database={alter.table.schema}", f"--table={alter.table.name}"]
    return shlex.join([*words, f"--alter={alter.body}", "--allow-on-master", "--verbose"])


def _dsn(value: str) -> str:
    """A value of a DSN, in which commas part the fields, and nothing else is escaped (DSNParser)."""
    return value.replace(",", "\\,")
