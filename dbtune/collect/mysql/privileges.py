"""What the account may not see: MySQL shows no rows where a grant is missing, and no error."""

from __future__ import annotations

import re
from collections.abc import Sequence

from dbtune.collect.mysql.catalog import Catalog, Row
from dbtune.collect.mysql.innodb import InnodbStatistics
from dbtune.collect.words import named
from dbtune.ddl.mysql_quoting import unquoted
from dbtune.model.schema import Table
from dbtune.model.schema_objects import View

_GRANT = re.compile(
    r"GRANT (?P<rights>.+?) ON (?:TABLE )?(?P<database>\*|`(?:[^`]|``)+`)\.(?P<object>\*|`(?:[^`]|``)+`) TO "
)
_COLUMNS = re.compile(r"\([^)]*\)")


def note_missing_privileges(
    catalog: Catalog, schemas: Sequence[str], tables: Sequence[Table], views: Sequence[View], innodb: InnodbStatistics
) -> None:
    """Limits about tables that are hidden or seen in part, and views without their queries."""
    seen = {table.name for table in tables}
    hidden = sorted({place.table for place in (*innodb.tables, *innodb.indexes)} - seen)
    if hidden:
        catalog.limit(named(hidden), "permission denied: the server does not show them; GRANT SELECT on them")
    rights = rights_of(catalog.rows("SHOW GRANTS", "the account's own grants"))
    for schema in schemas:
        if not any(pattern_matches(place, schema) and "SELECT" in found for place, found in rights):
            catalog.limit(
                f"other tables of {schema}",
                "the account may not read all of this database, and the server shows no tables but those granted: see "
                f"'dbtune grants {catalog.version.family} --schema {schema}'",
            )
    unreadable = [table.name for table in tables if table.mysql is not None and not table.mysql.definition]
    if unreadable:
        catalog.limit(f"definitions and statistics of {named(unreadable)}", "permission denied; GRANT SELECT on them")
    without_query = [view.name for view in views if not view.definition]
    if without_query:
        catalog.limit(
            f"queries of {named(without_query, 'view')}", "permission denied; GRANT SELECT, SHOW VIEW on them"
        )


def rights_of(grants: Sequence[Row]) -> list[tuple[str, frozenset[str]]]:
    """Of SHOW GRANTS: database pattern (``*`` for all) to the rights on all of it, those of active roles included."""
    found: list[tuple[str, frozenset[str]]] = []
    for row in grants:
        hit = _GRANT.match(str(next(iter(row.values()))))
        if hit is None or hit["object"] != "*":
            continue
        rights = frozenset(part.strip() for part in _COLUMNS.sub("", hit["rights"]).split(","))
        if "ALL PRIVILEGES" in rights:
            rights |= {"SELECT"}
        found.append((unquoted(hit["database"]), rights))
    return found


def pattern_matches(pattern: str, database: str) -> bool:
    r"""Whether a GRANT on this pattern is one on the database. ``_`` and ``%`` are wildcards, ``\_`` is none.

    >>> pattern_matches("my\\_shop", "my_shop"), pattern_matches("my\\_shop", "my1shop"), pattern_matches("s%", "shop")
    (True, False, True)
    """
    if pattern in ("*", database):
        return True
    parts: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            parts.append(re.escape(next(characters, "\\")))
        else:
            parts.append({"_": ".", "%": ".*"}.get(character, re.escape(character)))
    return re.fullmatch("".join(parts), database, re.DOTALL) is not None
