"""What the findings of rules for migrations have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from dbtune.model.migration import AlterWay, Effects
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change, Evidence, Severity, Subject
from dbtune.planner.mysql.ways import with_way_written_out
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext, StatementChange
from dbtune.rules.mysql_tables import version_of
from dbtune.sql.ddl import read_ddl
from dbtune.sql.ddl_form import Ddl

HIGH_SHARE = 0.01
"""Of the workload's cost: more than this much more is a grave matter."""

LARGE_BYTES = 1024**3
"""Going over a table of this size takes ten seconds and more."""

MIDDLING_BYTES = 50 * 1024**2
"""Half a second and more."""

FAR_DEARER = 10.0
"""So many times as dear is one whatever its share."""


def finding(
    effects: Effects,
    *,
    subject: Subject,
    title: str,
    reason: str,
    evidence: Evidence,
    severity: Severity | None = None,
    change: Change | None = None,
    key: str = "",
) -> Finding:
    """A finding on one statement of a migration. Its identity is the statement's text, not its place in the file."""
    return Finding(
        subject=subject,
        title=title,
        reason=reason,
        evidence=evidence,
        change=change or Change(),
        severity=severity,
        key=f"{effects.location.file_identity}\0{effects.normalised}\0{key}",
        location=effects.location,
    )


def by_size(ctx: MigrationContext, table: QualifiedName) -> Severity:
    """Of what goes over all of a table under a lock: by how long that takes."""
    size = ctx.bytes(table)
    return "high" if size >= LARGE_BYTES else "medium" if size >= MIDDLING_BYTES else "low"


def about(table: QualifiedName, columns: tuple[str, ...] = (), index: str | None = None) -> Subject:
    return Subject(table.schema, table.name, columns, index)


def what(effects: Effects) -> str:
    """``ALTER TABLE … SET NOT NULL`` in the words of the statement, shortened to what it does."""
    ddl = read_ddl(effects.pending.text, effects.pending.dialect)
    kind = ddl.actions[0].kind if ddl.verb == "alter" and len(ddl.actions) == 1 else "other"
    words = WORDS.get(kind) if effects.pending.dialect == "postgres" else _words_of_mysql(ddl)
    if words:
        return f"{ddl.what} … {words}"
    if ddl.verb == "vacuum" and ddl.full:
        return "VACUUM FULL"
    return ddl.what


WORDS: Mapping[str, str] = {
    "add column": "ADD COLUMN",
    "drop column": "DROP COLUMN",
    "set type": "TYPE",
    "set not null": "SET NOT NULL",
    "add check": "ADD CHECK",
    "add foreign key": "ADD FOREIGN KEY",
    "add unique": "ADD UNIQUE",
    "add primary key": "ADD PRIMARY KEY",
    "add exclusion": "ADD EXCLUDE",
    "add not null": "ADD NOT NULL",
    "validate": "VALIDATE CONSTRAINT",
    "rename column": "RENAME COLUMN",
    "rename table": "RENAME",
    "attach": "ATTACH PARTITION",
    "detach": "DETACH PARTITION",
}

WORDS_OF_MYSQL: Mapping[str, str] = {
    **WORDS,
    "set type": "MODIFY COLUMN",
    "add index": "ADD INDEX",
    "drop index": "DROP INDEX",
    "drop primary key": "DROP PRIMARY KEY",
    "convert": "CONVERT TO CHARACTER SET",
}


def _words_of_mysql(ddl: Ddl) -> str | None:
    if ddl.verb != "alter" or len(ddl.actions) != 1:
        return None
    (action,) = ddl.actions
    if action.kind == "set type" and ddl.spelled(action).lower().startswith("change"):
        return "CHANGE COLUMN"
    return WORDS_OF_MYSQL.get(action.kind)


def written_out(ctx: MigrationContext, ddl: Ddl, way: AlterWay) -> Change:
    """The statement with that way, so that the server refuses where it cannot take it; empty where the statement says
    something of its way itself, or takes no such clauses."""
    if not ddl.leaves_way:
        return Change()
    return Change(up=(with_way_written_out(ddl, way.table, version_of(ctx.before), way.algorithm, way.lock),))


def waiting_words(ctx: MigrationContext, table: QualifiedName, who: str) -> str:
    """``until it is done, writes wait: 12 statements of the workload (1,204 calls) use it``."""
    traffic = ctx.traffic_words(table)
    return f"until it is done, {who} wait" + (f" ({traffic})" if traffic else "")


def how_bad(ctx: MigrationContext, changes: Sequence[StatementChange]) -> Severity:
    """By what the statements cost more, seen with the whole workload."""
    total = sum(one.before.cost * one.planned.calls for one in ctx.changes)
    risen = sum(one.weight for one in changes)
    if max(one.ratio for one in changes) >= FAR_DEARER or (total > 0 and risen / total >= HIGH_SHARE):
        return "high"
    return "medium"


def timeouts(ctx: MigrationContext, number: int) -> bool:
    """Whether a ``lock_timeout`` (or a ``statement_timeout``, which ends the waiting as well) is set before the step of
    that number, in its own file."""
    file = ctx.effects[number].location.file
    limited = False
    for effects, ddl in list(ctx.steps())[:number]:
        if effects.location.file == file and ddl.setting in ("lock_timeout", "statement_timeout"):
            value = re.split(r"[\s=]+", effects.pending.text.rstrip(" ;'\"\t\n"))[-1].strip("'\"")
            limited = value not in ("0", "default", "DEFAULT")
    return limited


def setting_before(ctx: MigrationContext, number: int, name: str, *, same_file: bool = False) -> str:
    """The value, in lower case, to which a setting of the session is set before the step of that number; empty where it
    is not. ``same_file``: in its own file, since another one may run in another session."""
    file = ctx.effects[number].location.file
    value = ""
    for effects, ddl in list(ctx.steps())[:number]:
        if not same_file or effects.location.file == file:
            value = dict(ddl.settings).get(name, value)
    return value
