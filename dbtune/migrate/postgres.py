"""What stands around the statements of a recommendation for Postgres, so that they can run again on a busy server.

Concurrent builds and drops wait as long as they have to (a limit on their waits would break them off and leave an
INVALID index behind); what a build that broke off has left goes before the next one, and in the end the index has to be
valid. What locks a table against writers waits for a moment only, and is tried again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from dbtune.ddl import guards, session
from dbtune.migrate.migration import NewIndex, Step, Way
from dbtune.model.names import QualifiedName

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)'
_CREATE = re.compile(
    rf"(?P<begin>CREATE (?:UNIQUE )?INDEX (?P<concurrently>CONCURRENTLY )?)(?:IF NOT EXISTS )?(?P<name>{_NAME}) ON "
    rf"(?:ONLY )?(?P<schema>{_NAME})\.(?P<table>{_NAME})(?P<rest> .*)",
    re.DOTALL,
)
_DROP = re.compile(rf"DROP INDEX CONCURRENTLY (?:IF EXISTS )?{_NAME}\.{_NAME}\Z")
_REINDEX = re.compile(rf"REINDEX INDEX CONCURRENTLY (?P<schema>{_NAME})\.(?P<name>{_NAME})\Z")
_STATISTICS = re.compile(rf"(CREATE STATISTICS )(?:IF NOT EXISTS )?((?:{_NAME}\.)?(?P<name>{_NAME}) .*)", re.DOTALL)
_SHORT = re.compile(r"(?:DROP INDEX|ALTER INDEX|COMMENT ON|DROP STATISTICS) ")
_KEYS = re.compile(
    rf"(?: USING btree)? \((?P<keys>{_NAME}(?: DESC)?(?:, {_NAME}(?: DESC)?)*)\)"
    rf"(?: INCLUDE \((?P<include>{_NAME}(?:, {_NAME})*)\))?\Z"
)
_KEY = re.compile(rf"({_NAME})( DESC)?(?:, |\Z)")


def way(statements: Sequence[str]) -> Way:
    """The statements with what has to be before and after them."""
    steps = tuple(_step(sql) for sql in _transactions_whole(statements))
    if not any(step.alone for step in steps):
        return Way((), steps, ())
    built = tuple(name for sql in statements if (name := _built(sql)) is not None)
    rebuilt = tuple(name for sql in statements if (name := _rebuilt(sql)) is not None)
    return Way(
        (*session.WITHOUT_LIMITS, *map(guards.drop_if_invalid, built)),
        steps,
        (*map(guards.require_valid, (*built, *rebuilt)), *session.LIMITS_AS_BEFORE),
    )


def phase_way(statements: Sequence[str], *, transaction: bool) -> Way:
    """The statements of a phase, which bring their time limits along: in one transaction, or each outside of any."""
    if not statements:
        return Way()
    if transaction:
        return Way((), (Step(";\n".join(("BEGIN", *map(_answered, statements), "COMMIT")), alone=True),), ())
    return Way((), tuple(Step(sql, alone=True) for sql in statements), ())


ANSWERS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"ALTER TABLE .* RENAME TO "), "renaming-table"),
    (re.compile(r"ALTER INDEX .* RENAME TO |ALTER TABLE .* RENAME CONSTRAINT "), "renaming-object"),
    (re.compile(r"ALTER TABLE .* DROP CONSTRAINT "), "ban-drop-constraint"),
    (re.compile(r"ALTER TABLE .* DETACH PARTITION "), "require-concurrent-partition-detach"),
    (re.compile(r"DROP TABLE "), "ban-drop-table"),
    (re.compile(r"DROP FUNCTION "), "ban-drop-function"),
)
"""What squawk asks about such statements. In a phase each has another in its place, in the same transaction."""


def _answered(sql: str) -> str:
    rule = next((rule for pattern, rule in ANSWERS if pattern.match(sql)), None)
    return sql if rule is None else f"-- squawk-ignore {rule}\n{sql}"


def _transactions_whole(statements: Iterable[str]) -> Iterator[str]:
    """BEGIN … COMMIT as one piece; all else as it stands."""
    block: list[str] = []
    for statement in statements:
        sql = statement.strip().rstrip(";")
        if block or sql.upper() in ("BEGIN", "START TRANSACTION"):
            block.append(sql)
            if sql.upper() == "COMMIT":
                yield ";\n".join(block)
                block = []
        else:
            yield sql
    yield from block


def _step(sql: str) -> Step:
    create = _CREATE.match(sql)
    if create is not None:
        begin, name = create["begin"], create["name"]
        again = f"{begin}IF NOT EXISTS {name}{sql[create.end('name') :]}"
        return Step(again, alone=True) if create["concurrently"] else Step(guards.retried(again))
    if _DROP.match(sql) or _REINDEX.match(sql):
        return Step(sql, alone=True)
    statistics = _STATISTICS.match(sql)
    if statistics is not None:
        return Step(guards.retried(f"{statistics[1]}IF NOT EXISTS {statistics[2]}"))
    if _SHORT.match(sql):
        return Step(guards.retried(sql))
    return Step(sql, alone=sql.upper().startswith(("BEGIN", "START")))


def _built(sql: str) -> QualifiedName | None:
    """The index that the statement builds concurrently."""
    match = _CREATE.match(sql)
    return None if match is None or not match["concurrently"] else _qualified(match["schema"], match["name"])


def _rebuilt(sql: str) -> QualifiedName | None:
    match = _REINDEX.match(sql)
    return None if match is None else _qualified(match["schema"], match["name"])


def made_name(sql: str) -> str | None:
    """The name of the index or of the statistics that the statement makes."""
    match = _CREATE.match(sql) or _STATISTICS.match(sql)
    return None if match is None else _unquoted(match["name"])


def plain_index(statements: Sequence[str]) -> NewIndex | None:
    """The index on plain columns that the statements build, where they do nothing else."""
    match = _CREATE.match(statements[0]) if len(statements) == 1 else None
    keys = _KEYS.match(match["rest"]) if match is not None and "UNIQUE" not in match["begin"] else None
    if match is None or keys is None or not match["concurrently"]:
        return None
    return NewIndex(
        _unquoted(match["schema"]),
        _unquoted(match["table"]),
        _unquoted(match["name"]),
        tuple((_unquoted(name), bool(down)) for name, down in _KEY.findall(keys["keys"])),
        tuple(_unquoted(name) for name, _ in _KEY.findall(keys["include"] or "")),
    )


def _qualified(schema: str, name: str) -> QualifiedName:
    return QualifiedName(_unquoted(schema), _unquoted(name))


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
