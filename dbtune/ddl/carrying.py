"""What hangs on a table by its identity, made anew on the table that takes its place."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.ddl.quoting import identifier, literal, qualified
from dbtune.model.attachments import Attachments, Grant, Policy, Trigger
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Table

ENABLING = {
    "origin": "",
    "always": "ENABLE ALWAYS TRIGGER",
    "replica": "ENABLE REPLICA TRIGGER",
    "disabled": "DISABLE TRIGGER",
}


def triggers(table: QualifiedName, attached: Attachments) -> Iterator[str]:
    """The triggers, by their own definitions, which name the table."""
    for trigger in attached.triggers:
        yield trigger.definition
        if ENABLING[trigger.enabled]:
            yield f"ALTER TABLE {qualified(table)} {ENABLING[trigger.enabled]} {identifier(trigger.name)}"


def drop_triggers(table: QualifiedName, found: tuple[Trigger, ...]) -> Iterator[str]:
    for trigger in found:
        yield f"DROP TRIGGER {identifier(trigger.name)} ON {qualified(table)}"


def row_security(table: Table, attached: Attachments) -> Iterator[str]:
    """Row-level security and its policies, on a table of the same name."""
    name = qualified(table.name)
    if table.row_security:
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
    if attached.forced_row_security:
        yield f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"
    for policy in attached.policies:
        yield create_policy(table.name, policy)


def create_policy(table: QualifiedName, policy: Policy) -> str:
    """CREATE POLICY with the server's own conditions."""
    roles = ", ".join(map(identifier, policy.roles)) or "PUBLIC"
    words = [
        f"CREATE POLICY {identifier(policy.name)} ON {qualified(table)}",
        f"AS {'PERMISSIVE' if policy.permissive else 'RESTRICTIVE'} FOR {policy.command.upper()} TO {roles}",
    ]
    if policy.using is not None:
        words.append(f"USING ({policy.using})")
    if policy.check is not None:
        words.append(f"WITH CHECK ({policy.check})")
    return " ".join(words)


def drop_policies(table: QualifiedName, found: tuple[Policy, ...]) -> Iterator[str]:
    for policy in found:
        yield f"DROP POLICY {identifier(policy.name)} ON {qualified(table)}"


def grant(table: QualifiedName, one: Grant) -> str:
    """GRANT of all that a role has."""
    columns = f" ({', '.join(map(identifier, one.columns))})" if one.columns else ""
    what = ", ".join(f"{privilege}{columns}" for privilege in one.privileges)
    role = identifier(one.role) if one.role else "PUBLIC"
    return f"GRANT {what} ON TABLE {qualified(table)} TO {role}{' WITH GRANT OPTION' if one.grantable else ''}"


def move_identity(column: Column, source: QualifiedName, target: QualifiedName) -> str:
    """The identity of a column, with its sequence's name, steps and present value, from one table to another.

    An identity belongs to its table, so that it is dropped there and made here; nobody can draw a number meanwhile,
    for both tables are locked.
    """
    old, new = qualified(source), qualified(target)
    name = identifier(column.name)
    return f"""DO $carry$
DECLARE
  sequence regclass := pg_catalog.pg_get_serial_sequence({literal(old)}, {literal(column.name)})::regclass;
  path text := sequence::text;
  steps record;
  present record;
BEGIN
  SELECT * INTO steps FROM pg_catalog.pg_sequence WHERE seqrelid = sequence;
  EXECUTE pg_catalog.format('SELECT last_value, is_called FROM %s', sequence) INTO present;
  ALTER TABLE {old} ALTER COLUMN {name} DROP IDENTITY;
  EXECUTE pg_catalog.format(
    'ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s START WITH %s INCREMENT BY %s'
    ' MINVALUE %s MAXVALUE %s CACHE %s %s)',
    {literal(new)}, {literal(column.name)}, {literal(column.identity.upper())}, path, steps.seqstart,
    steps.seqincrement, steps.seqmin, steps.seqmax, steps.seqcache,
    CASE WHEN steps.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END);
  PERFORM pg_catalog.setval(path::regclass, present.last_value, present.is_called);
END
$carry$"""


def owned_sequence(sequence: QualifiedName, table: QualifiedName, column: str) -> str:
    """The sequence goes with this column from now on."""
    return f"ALTER SEQUENCE {qualified(sequence)} OWNED BY {qualified(table)}.{identifier(column)}"
