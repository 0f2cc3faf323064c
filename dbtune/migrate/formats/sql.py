"""Plain SQL: a file up and a file down for each recommendation, for psql or the mysql client."""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.migrate.project import Batch, NewFile, Output
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, numbers

PSQL = "Run it outside a transaction: psql -v ON_ERROR_STOP=1 -f FILE (not psql -1)."
MYSQL = "Run it with: mysql DATABASE < FILE"


@migration_format("sql", title="plain SQL")
def write(batch: Batch) -> Output:
    """``0001_name.up.sql`` and ``0001_name.down.sql``."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    how = PSQL if batch.dialect == "postgres" else MYSQL
    there = leading_numbers(file_names(batch.folder, "*.sql"))
    for version, one in zip(numbers(there, len(batch.migrations), 4), batch.migrations, strict=True):
        for direction, way in (("up", one.up), ("down", one.down)):
            yield NewFile(
                batch.folder / f"{version}_{one.name}.{direction}.sql",
                render("plain.sql.j2", comments=one.comments, instructions=(how,), statements=way.statements),
            )
