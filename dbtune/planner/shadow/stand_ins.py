"""What takes the place of extensions, collations and types that the shadow's server lacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import psycopg

from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column
from dbtune.model.schema_objects import Collation
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.shadow.ddl_runner import Connection, DdlRunner, Fallback, Step

PROVIDERS: Mapping[str, str] = {"c": "libc", "i": "icu", "b": "builtin"}

TYPE_OF_LENGTH: Mapping[int, str] = {1: '"char"', 2: "smallint", 4: "integer", 8: "bigint", 16: "uuid", 64: "name"}
"""Built-in types by ``attlen``: a stand-in keeps the width of rows, which is what costs depend on."""

SOME_UNICODE_LOCALE = "CREATE COLLATION {name} (provider = libc, locale = {locale})"
UNICODE_LOCALES = ("C.utf8", "C.UTF-8", "en_US.UTF-8")
"""Locales in which Postgres does not take text for sorted by bytes, as it would not in production's own."""


def create_extensions(connection: Connection, runner: DdlRunner, snapshot: Snapshot) -> None:
    """Install the extensions that are there; the others become Limits."""
    available = {str(row[0]) for row in connection.execute("SELECT name FROM pg_available_extensions")}
    installed = {str(row[0]) for row in connection.execute("SELECT extname FROM pg_extension")}
    steps = []
    for extension in snapshot.extensions:
        if extension.name in installed:
            continue
        if extension.name not in available:
            runner.limits.append(
                Limit(
                    f"extension {extension.name}",
                    "the shadow's server does not have it: its types are replaced by ones of the same width, "
                    "statements that use its functions or operators cannot be planned",
                )
            )
            continue
        create = f"CREATE EXTENSION IF NOT EXISTS {identifier(extension.name)}"
        placed = f"{create} SCHEMA {identifier(extension.schema)} CASCADE"
        in_catalog = extension.schema == "pg_catalog"
        steps.append(
            Step(
                f"extension {extension.name}",
                f"{create} CASCADE" if in_catalog else placed,
                (Fallback(f"{create} CASCADE", None),),
            )
        )
    runner.run(
        Step(f"schema {schema}", f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        for schema in sorted({extension.schema for extension in snapshot.extensions})
        if schema != "pg_catalog"
    )
    runner.run(steps)
    runner.settle()


def create_collations(connection: Connection, runner: DdlRunner, snapshot: Snapshot) -> None:
    """Make the collations of the schema, and stand-ins for those of the system that this machine lacks."""
    known = {
        QualifiedName(str(row[0]), str(row[1]))
        for row in connection.execute(
            "SELECT nspname, collname FROM pg_collation JOIN pg_namespace n ON n.oid = collnamespace"
            " WHERE collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"
        )
    }
    runner.run(_collation(collation) for collation in snapshot.collations if collation.name not in known)
    made = known | {collation.name for collation in snapshot.collations}
    runner.run(
        Step(f"collation {name}", _stand_in(name, UNICODE_LOCALES[0]), _stand_in_fallbacks(name))
        for name in sorted(_collations_used(snapshot) - made)
    )
    for name in sorted(_collations_used(snapshot) - made):
        runner.limits.append(Limit(f"collation {name}", "not on this machine: another one stands in for it"))
    runner.settle()


def _collation(collation: Collation) -> Step:
    deterministic = "" if collation.deterministic else ", deterministic = false"
    provider = PROVIDERS.get(collation.provider, collation.provider)
    create = (
        f"CREATE COLLATION {qualified(collation.name)} "
        f"(provider = {provider}, locale = {literal(collation.locale or 'C')}{deterministic})"
    )
    return Step(f"collation {collation.name}", create, _stand_in_fallbacks(collation.name))


def _stand_in(name: QualifiedName, locale: str) -> str:
    return SOME_UNICODE_LOCALE.format(name=qualified(name), locale=literal(locale))


def _stand_in_fallbacks(name: QualifiedName) -> tuple[Fallback, ...]:
    return tuple(
        Fallback(_stand_in(name, locale), f"{locale} stands in for it; text may be ordered differently")
        for locale in UNICODE_LOCALES
    )


def _collations_used(snapshot: Snapshot) -> set[QualifiedName]:
    of_columns = {column.collation for table in snapshot.tables for column in table.columns}
    of_keys = {key.collation for index in snapshot.indexes for key in index.keys}
    of_types = {user_type.collation for user_type in snapshot.types}
    return {name for name in of_columns | of_keys | of_types if name is not None}


@dataclass(frozen=True)
class StandIns:
    """Domains made in place of missing types, by the type's text in the snapshot."""

    by_text: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, connection: Connection, runner: DdlRunner, snapshot: Snapshot) -> StandIns:
        """Make a domain of the same width for each type that columns have and the server does not know."""
        missing: dict[str, Column] = {}
        for table in snapshot.tables:
            for column in table.columns:
                missing.setdefault(column.type, column)
        known = _known_types(connection, tuple(missing))
        names: dict[str, str] = {}
        domains: dict[QualifiedName, str] = {}
        for text, column in missing.items():
            if text in known:
                continue
            name, brackets = _type_name(column)
            domains.setdefault(name, "text" if brackets else TYPE_OF_LENGTH.get(column.length, "text"))
            names[text] = qualified(name) + brackets
        for schema in sorted({name.schema for name in domains}):
            runner.run([Step(f"schema {schema}", f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")])
        for name, base in domains.items():
            runner.run([Step(f"type {name}", f"CREATE DOMAIN {qualified(name)} AS {base}")])
            runner.limits.append(
                Limit(f"type {name}", f"unknown to the shadow's server: {base}, of the same width, stands in for it")
            )
        return cls(names)

    def type_of(self, column: Column) -> str:
        """The type to make the column with."""
        return self.by_text.get(column.type, column.type)


def _known_types(connection: Connection, texts: tuple[str, ...]) -> set[str]:
    query = "SELECT t FROM unnest(%s::text[]) AS t WHERE to_regtype(t) IS NOT NULL"
    try:
        return {str(row[0]) for row in connection.execute(query, [list(texts)])}
    except psycopg.Error:  # one text is no type name at all: ask one by one
        return set() if len(texts) == 1 else {text for one in texts for text in _known_types(connection, (one,))}


def _type_name(column: Column) -> tuple[QualifiedName, str]:
    """The missing type's own name, and ``[]`` where the column is an array of it."""
    brackets = "[]" if column.type.endswith("[]") else ""
    if column.type_name.schema != "pg_catalog":
        name = column.type_name.name
        return QualifiedName(column.type_name.schema, name.removeprefix("_") if brackets else name), brackets
    *schema, name = column.type.removesuffix("[]").partition("(")[0].replace('"', "").split(".")
    return QualifiedName(schema[0] if schema else "public", name.strip()), brackets
