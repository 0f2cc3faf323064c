"""What real servers count of their statements, exported in the ways in which people do it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from pymysql.converters import escape_item

from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import open_executor
from dbtune.logs.formats.performance_schema import PREPARING
from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.progress import NoProgress
from dbtune.sql.fingerprint import fingerprint
from tests.logs.mysql.workload import (
    BY_NAME,
    DATABASE,
    ELSEWHERE,
    OTHER_DATABASE,
    PREPARED,
    SETUP,
    STEPS,
    Step,
    work,
)
from tests.servers.mysql_sandbox import MySQLServer

DIGESTS = "performance_schema.events_statements_summary_by_digest"


@dataclass(frozen=True)
class Table:
    """What a query gave: names of columns, and rows of texts or NULL."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | None]]


def as_csv(table: Table) -> str:
    """As most tools write it, NULL as an empty cell."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue()


def as_quoted_tsv(table: Table) -> str:
    """As tools write it that are told to put tabs in the place of commas."""
    text = StringIO()
    writer = csv.writer(text, delimiter="\t")
    writer.writerow(table.columns)
    writer.writerows(table.rows)
    return text.getvalue()


def as_batch(table: Table) -> str:
    """As ``mysql --batch`` writes it (``safe_put_field`` in ``client/mysql.cc``)."""
    escapes = str.maketrans({"\0": "\\0", "\t": "\\t", "\n": "\\n", "\\": "\\\\"})
    lines = ["\t".join(table.columns)]
    lines += ["\t".join("NULL" if cell is None else cell.translate(escapes) for cell in row) for row in table.rows]
    return "\n".join(lines) + "\n"


def as_json(table: Table) -> str:
    return json.dumps([dict(zip(table.columns, row, strict=True)) for row in table.rows], indent=1)


FORMS: list[Callable[[Table], str]] = [as_csv, as_quoted_tsv, as_batch, as_json]


def exported(server: MySQLServer, source: str, database_column: str) -> Table:
    """The rows of a table or view for the databases of the workload."""
    ours = f"{escape_item(DATABASE, 'utf8mb4')}, {escape_item(OTHER_DATABASE, 'utf8mb4')}"
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {source} WHERE {database_column} IN ({ours})")
        columns = [column[0] for column in cursor.description or ()]
        rows = [[None if cell is None else str(cell) for cell in row] for row in cursor.fetchall()]
    return Table(columns, rows)


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def worked(request: pytest.FixtureRequest) -> MySQLServer:
    """A server that has counted the workload and nothing else."""
    server: MySQLServer = request.getfixturevalue(request.param)
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@performance_schema")
        if cursor.fetchall() != ((1,),):
            pytest.skip("the performance schema of the server is off")
    server.run(*SETUP, f"TRUNCATE TABLE {DIGESTS}")
    work(server)
    return server


def read(folder: Path, content: str) -> Digest:
    path = folder / "export"
    path.write_text(content, encoding="utf-8", newline="")
    return digest([str(path)], DigestOptions(samples=5), open_executor(1), NoProgress())


def found(digest: Digest, step: Step, folded: Sequence[tuple[str, str]] = ()) -> StatementDigest:
    """The statement of the step; ``folded`` tells how the server shortens lists in its own text."""
    text = step.executions[0]
    for full, short in folded:
        text = text.replace(full, short)
    wanted = {step.fingerprint, fingerprint(text, dialect="mysql")}
    (one,) = [one for one in digest.statements if one.fingerprint in wanted]
    return one


LISTS_OF_ROWS = [
    ("(5001, 'a\\'b', 1), (5002, \"x\\\\\", 2), (5003, NULL, -3)", "(1)"),
    ("(1, 'there is one', 1)", "(1)"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("source", "column"), [(DIGESTS, "schema_name"), ("sys.x$statement_analysis", "db")], ids=["digests", "sys"]
)
def test_the_server_s_numbers_come_back(
    worked: MySQLServer, source: str, column: str, form: Callable[[Table], str], tmp_path: Path
) -> None:
    table = exported(worked, source, column)
    made = read(tmp_path, form(table))
    assert made.sources[0].format == "performance-schema"
    assert {part.reason for part in made.sources[0].skipped} <= {PREPARING}
    of_prepared = [PREPARED, BY_NAME] if worked.family == "mysql" else []  # MariaDB does not count them by their text
    for step in (*STEPS, *of_prepared):
        one, calls = found(made, step, LISTS_OF_ROWS), len(step.executions)
        assert (one.calls, one.errors) == (calls, calls if step.fails else 0), one.text
        assert one.total_ms is not None and one.total_ms > 0
        assert one.max_ms is not None and one.max_ms <= one.total_ms
        # what a procedure does counts for the statements in it
        if not step.executions[0].startswith("CALL"):
            assert one.rows_sent == step.rows_sent * calls
            assert one.rows_examined is not None
            assert one.rows_examined >= (step.rows_examined * calls if worked.family == "mysql" else 0)
        assert {client.name for client in one.databases} == {DATABASE}
        assert one.first_seen is not None and one.last_seen is not None and one.first_seen <= one.last_seen
    assert {client.name: client.calls for client in found(made, ELSEWHERE).databases} == {
        DATABASE: 1,
        OTHER_DATABASE: 1,
    }


@pytest.mark.parametrize("form", FORMS)
def test_samples_of_the_server_are_kept_as_they_were_sent(
    worked: MySQLServer, form: Callable[[Table], str], tmp_path: Path
) -> None:
    table = exported(worked, DIGESTS, "schema_name")
    made = read(tmp_path, form(table))
    if worked.family == "mariadb":
        assert not any(found(made, step, LISTS_OF_ROWS).samples for step in STEPS)  # the server keeps none
        return
    for step in STEPS:
        for sample in found(made, step).samples:
            assert sample.sql.strip() in {sql.strip() for sql in step.executions}
    assert sum(len(found(made, step).samples) for step in STEPS) >= len(STEPS) - 2  # where one failed, it has none


@pytest.mark.parametrize("form", FORMS)
def test_latencies_in_words(worked: MySQLServer, form: Callable[[Table], str], tmp_path: Path) -> None:
    """``sys.statement_analysis`` rounds to three digits and shortens texts; the long ones are not looked for here."""
    plain = read(tmp_path, as_json(exported(worked, "sys.x$statement_analysis", "db")))
    made = read(tmp_path, form(exported(worked, "sys.statement_analysis", "db")))
    exact = found(plain, STEPS[0])
    rounded = found(made, STEPS[0])
    assert (rounded.calls, rounded.rows_sent) == (exact.calls, exact.rows_sent)
    assert rounded.total_ms == pytest.approx(exact.total_ms, rel=0.01)
    assert made.total_ms == pytest.approx(plain.total_ms, rel=0.01)
