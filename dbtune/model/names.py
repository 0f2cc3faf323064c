"""Names of database objects, exactly as the catalog holds them: unquoted, case kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class QualifiedName:
    """A schema-qualified name. ``str()`` is for people; SQL goes through ``dbtune.ddl.quoting``."""

    schema: str
    name: str

    def __str__(self) -> str:
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"
