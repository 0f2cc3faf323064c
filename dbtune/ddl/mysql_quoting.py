"""Names and values as SQL text of MySQL and MariaDB."""

from __future__ import annotations

import re

from dbtune.model.names import QualifiedName

_WILDCARDS = re.compile(r"([\\_%])")


def identifier(name: str) -> str:
    """The name in backticks, which every ``sql_mode`` takes for a name."""
    return "`" + name.replace("`", "``") + "`"


def unquoted(name: str) -> str:
    """The name that stands there, in backticks or not."""
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def qualified(name: QualifiedName) -> str:
    """``schema.name``, both in backticks."""
    return f"{identifier(name.schema)}.{identifier(name.name)}"


def literal(text: str) -> str:
    """The text as a string constant, right without ``NO_BACKSLASH_ESCAPES``."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0") + "'"


def database_pattern(name: str) -> str:
    """The database's name as GRANT takes it, where ``_`` and ``%`` stand for any characters unless escaped."""
    return identifier(_WILDCARDS.sub(r"\\\1", name))


def in_default_database(statement: str, database: str) -> str:
    """A statement on a table of the database, as a session takes it whose default database it is, whatever its name."""
    return re.sub(rf"\A((?:ALTER|ANALYZE) TABLE ){re.escape(identifier(database))}\.", r"\1", statement)
