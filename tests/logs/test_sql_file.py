"""Workloads from files of SQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.logs.sql_file import MAX_SAMPLES, read_sql_file, weights
from dbtune.model.errors import UsageError
from dbtune.sql.fingerprint import fingerprint

FILE = """\
-- A workload
\\timing on
SET search_path = public;

-- calls: 1200
SELECT id FROM orders WHERE customer_id = 5; -- calls: 7 is about nothing
SELECT id FROM orders WHERE customer_id = 6;
select id from ORDERS where customer_id=6;

/* dbtune: calls=10 mean_ms=3.5 */
UPDATE orders SET note = 'it''s; here' WHERE id = 3;
-- dbtune: calls=2_000 total_ms=50
-- why it is there
DELETE FROM items WHERE order_id IN (1, 2);
COPY t FROM stdin;
1;2
\\.
SELECT $1;
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "queries.sql"
    path.write_text(FILE)
    return path


def test_statements_with_their_weights(file: Path) -> None:
    workload = read_sql_file(file)
    assert [(s.text, s.calls, s.total_ms) for s in workload.statements] == [
        ("SELECT id FROM orders WHERE customer_id = $1", 1202, None),
        ("UPDATE orders SET note = $1 WHERE id = $2", 10, 35),
        ("DELETE FROM items WHERE order_id IN ($1 /*, ... */)", 2000, 50),
        ("SELECT $1", 1, None),
    ]
    assert all(s.fingerprint == fingerprint(s.text) and s.source == "queries.sql" for s in workload.statements)
    (source,) = workload.sources
    assert (source.kind, source.name, source.statements, source.calls) == ("sql", str(file), 4, 3213)


def test_samples_are_verbatim(file: Path) -> None:
    first, second, *_ = read_sql_file(file).statements
    assert first.samples == (
        "SELECT id FROM orders WHERE customer_id = 5",
        "SELECT id FROM orders WHERE customer_id = 6",
        "select id from ORDERS where customer_id=6",
    )
    assert second.samples == ("UPDATE orders SET note = 'it''s; here' WHERE id = 3",)


def test_what_is_not_planned_is_listed_without_literals(file: Path) -> None:
    assert [(each.text, each.reason) for each in read_sql_file(file).skipped] == [
        ("SET search_path = public", "not a statement that is planned"),
        ("copy t FROM stdin", "not a statement that is planned"),
    ]


def test_so_many_samples_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "many.sql"
    path.write_text("".join(f"SELECT {number};\n" for number in range(100)))
    (statement,) = read_sql_file(path).statements
    assert statement.calls == 100
    assert len(statement.samples) == MAX_SAMPLES


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("-- calls: 1200", {"calls": 1200}),
        ("-- Calls = 12.5", {"calls": 12.5}),
        ("-- dbtune: calls=1200 mean_ms=3.2", {"calls": 1200, "mean_ms": 3.2}),
        ("/* dbtune: calls=1, total_ms=9 */", {"calls": 1, "total_ms": 9}),
        ("-- calls: 1\n-- calls: 2", {"calls": 2}),
        ("-- recalls: 5 and calls: many", {}),
        ("calls: 5", {}),
        ("", {}),
    ],
)
def test_weights(comment: str, expected: dict[str, float]) -> None:
    assert weights(comment) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\x7fELF\x00\x01\x02", "is not a text file of SQL"),
        (b"-- only a comment\n", "there is no statement to plan"),
        (b"SET x = 1; VACUUM;", "there is no statement to plan"),
    ],
)
def test_bad_files_are_one_line(content: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.sql"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as raised:
        read_sql_file(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        read_sql_file(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "encoded.sql"
    path.write_bytes("SELECT 'Grüße' FROM straße;".encode(encoding))
    workload = read_sql_file(path)
    assert workload.statements[0].samples == ("SELECT 'Grüße' FROM straße",)
    assert workload.skipped == ()


def test_other_encodings_are_read_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "latin.sql"
    path.write_bytes("SELECT id FROM t WHERE name = 'Müller';".encode("latin-1"))
    workload = read_sql_file(path)
    assert workload.statements[0].text == "SELECT id FROM t WHERE name = $1"
    assert [each.reason for each in workload.skipped] == [
        "latin.sql is not wholly UTF-8: the characters that are not were replaced"
    ]
