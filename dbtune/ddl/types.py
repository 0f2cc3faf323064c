"""CREATE TYPE and CREATE DOMAIN for the types a schema defines itself."""

from __future__ import annotations

from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.model.schema_objects import UserType


def create_type(user_type: UserType) -> str:
    """The statement that makes the type, without a semicolon. ``checks`` of a domain are taken as they stand."""
    name = qualified(user_type.name)
    if user_type.kind == "enum":
        return f"CREATE TYPE {name} AS ENUM ({', '.join(literal(label) for label in user_type.labels)})"
    if user_type.kind == "domain":
        return " ".join((f"CREATE DOMAIN {name} AS {user_type.base_type}", *_domain_parts(user_type)))
    if user_type.kind == "range":
        collation = "" if user_type.collation is None else f", COLLATION = {qualified(user_type.collation)}"
        return f"CREATE TYPE {name} AS RANGE (SUBTYPE = {user_type.base_type}{collation})"
    attributes = ", ".join(f"{identifier(attribute)} {type_}" for attribute, type_ in user_type.attributes)
    return f"CREATE TYPE {name} AS ({attributes})"


def _domain_parts(domain: UserType) -> list[str]:
    parts = [] if domain.collation is None else [f"COLLATE {qualified(domain.collation)}"]
    if domain.not_null:
        parts.append("NOT NULL")
    parts.extend(check if check.upper().startswith(("CHECK", "CONSTRAINT")) else f"CHECK ({check})"
                 for check in domain.checks)  # fmt: skip
    return parts
