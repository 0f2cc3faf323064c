"""Migration files of every tool: the way up alone, with lines; what is malformed is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.check.migration_files import in_order, read_migrations, section_of
from dbtune.model.errors import UsageError
from dbtune.model.migration import PendingStatement
from dbtune.sql.splitting import located_statements


def read(folder: Path, content: str, name: str = "1.sql") -> list[tuple[int, str]]:
    return [(one.location.line, one.text) for one in pending(folder, content, name)]


def pending(folder: Path, content: str, name: str = "1.sql") -> tuple[PendingStatement, ...]:
    path = folder / name
    path.write_text(content)
    return read_migrations([path]).statements


FORMS = {
    "plain": ("-- a comment\nA;\n\nB\n;", [(2, "A"), (4, "B")], "unknown"),
    "dbmate": ("-- migrate:up\nA;\n-- migrate:down\nB;\n", [(2, "A")], "transaction"),
    "dbmate alone": ("-- migrate:up transaction:false\nA;\n\n-- migrate:down\nB;", [(2, "A")], "one call"),
    "goose": ("-- +goose Up\nA;\nB;\n-- +goose Down\nC;\n", [(2, "A"), (3, "B")], "transaction"),
    "goose alone": ("-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nC;", [(3, "A")], "none"),
    "goose block": (
        "-- +goose Up\n-- +goose StatementBegin\nDO $$ BEGIN; END $$;\n-- +goose StatementEnd\nA;",
        [(3, "DO $$ BEGIN; END $$"), (5, "A")],
        "transaction",
    ),
    "sql-migrate": ("-- +migrate Up\nA;\n-- +migrate Down\nB;", [(2, "A")], "transaction"),
    "sql-migrate alone": ("-- +migrate Up notransaction\nA;\n-- +migrate Down\nB;", [(2, "A")], "none"),
    "sql-migrate, down first": ("-- +migrate Down\nB;\n-- +migrate Up\nA;", [(4, "A")], "transaction"),
    "tern": ("A;\n---- create above / drop below ----\nB;", [(1, "A")], "transaction"),
    "graphile": ("--! no-transaction\nA;", [(2, "A")], "none"),
    "psql": ("\\set ON_ERROR_STOP on\nA;\n\\echo done\nB;", [(2, "A"), (4, "B")], "unknown"),
    "data": ("COPY t FROM stdin;\n1\tit's\n\\.\nA;", [(1, "COPY t FROM stdin"), (4, "A")], "unknown"),
    "windows": ("-- migrate:up\r\nA;\r\n-- migrate:down\r\nB;\r\n", [(2, "A")], "transaction"),
}


@pytest.mark.parametrize(("content", "expected", "wrapping"), FORMS.values(), ids=FORMS)
def test_way_up(tmp_path: Path, content: str, expected: list[tuple[int, str]], wrapping: str) -> None:
    found = pending(tmp_path, content)
    assert [(one.location.line, one.text) for one in found] == expected
    assert {one.wrapping for one in found} == {wrapping}


MALFORMED = {
    "-- migrate:down\nA;\n": "1: '-- migrate:down' without a '-- migrate:up' before it",
    "-- migrate:up\nA;\n-- migrate:up\nB;": "3: a second '-- migrate:up'",
    "-- migrate:sideways\nA;": "1: '-- migrate:sideways' is neither migrate:up nor migrate:down",
    "-- +goose Down\nA;": "1: no '-- +goose Up' in a file with other annotations of that tool",
    "-- +goose Up\n-- +goose StatementBegin\nA;\n": "2: '-- +goose StatementBegin' without its StatementEnd",
    "-- +goose Up\nA;\n-- +goose StatementEnd\n": "3: '-- +goose StatementEnd' without its StatementBegin",
    "-- +goose Upwards\nA;": "1: '-- +goose Upwards' is no annotation that is known",
    "A;\nINSERT INTO t VALUES ('it);\nB;": "2: a string or a quoted name begins here and does not end",
    "A;\n\nDO $$ BEGIN END $;\n": "3: a string or a quoted name begins here and does not end",
    "A;\nB /* no end\n": "2: a comment begins here and does not end",
    'ALTER TABLE "t ADD a int;': "1: a string or a quoted name begins here and does not end",
}


@pytest.mark.parametrize(("content", "message"), MALFORMED.items())
def test_malformed_file_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, content)
    assert str(error.value) == f"{tmp_path / '1.sql'}:{message}"


def test_ways_back_are_left_out(tmp_path: Path) -> None:
    for name in ("1_a.up.sql", "1_a.down.sql", "U2__b.sql", "3.rollback.sql"):
        (tmp_path / name).write_text("A;")
    migration = read_migrations(sorted(tmp_path.iterdir()))
    assert [Path(one.location.file).name for one in migration.statements] == ["1_a.up.sql"]
    assert len(migration.notes) == 3
    with pytest.raises(UsageError, match="these hold only ways back"):
        read_migrations([tmp_path / "1_a.down.sql"])


def test_what_psql_would_include_is_told(tmp_path: Path) -> None:
    (tmp_path / "1.sql").write_text("A;\n\\i more.sql\n")
    migration = read_migrations([tmp_path / "1.sql"])
    assert [(location.line, words) for location, words in migration.notes] == [
        (2, "the file that \\i names is not read: name it on the command line too")
    ]


def test_numbers_order_the_files_that_a_shell_sorted_by_letters() -> None:
    names = [Path(name) for name in ("V10__c.sql", "V1__a.sql", "V2__b.sql")]
    assert [path.name for path in in_order(sorted(names))] == ["V1__a.sql", "V2__b.sql", "V10__c.sql"]
    assert in_order(names[::-1]) == names[::-1]


def test_block_of_a_transaction(tmp_path: Path) -> None:
    found = pending(tmp_path, "A; BEGIN; B; ROLLBACK TO x; C; COMMIT; D; START TRANSACTION; E;")
    assert [one.text for one in found if one.in_block] == [
        "BEGIN", "B", "ROLLBACK TO x", "C", "START TRANSACTION", "E",
    ]  # fmt: skip


WORDS = st.sampled_from(
    [
        "a",
        "42",
        "'it''s; x'",
        "E'\\'; y'",
        "$$ ; $$",
        "$q$ -- ; $$ $q$",
        '"b;"',
        "( c ; )",
        "/* d; /* e */ */ f",
        "-- g;\n h",
    ]
)
STATEMENTS = st.lists(WORDS, min_size=1, max_size=5).map(lambda words: "SELECT " + " ".join(words))
GAPS = st.sampled_from(["", "\n", " \n\n ", "\n-- a comment; here\n", "/* and\nhere; */", "\n\\echo it's; here\n"])


@given(st.lists(st.tuples(GAPS, STATEMENTS), max_size=6))
def test_statements_are_found_where_they_stand(pieces: list[tuple[str, str]]) -> None:
    text = "".join(f"{gap}{statement};" for gap, statement in pieces)
    found = list(located_statements(text))
    assert [one.text for one in found] == [statement for _, statement in pieces]
    assert all(text.startswith(one.text, one.start) for one in found)


@given(st.lists(STATEMENTS, min_size=1, max_size=4), st.lists(STATEMENTS, min_size=1, max_size=4), st.integers(0, 4))
def test_way_back_is_never_read(up: list[str], down: list[str], lines: int) -> None:
    for above, below in (
        ("-- migrate:up", "-- migrate:down"),
        ("-- +goose Up", "-- +goose Down"),
        ("-- +migrate Up", "-- +migrate Down"),
    ):
        content = "\n" * lines + above + "\n" + ";\n".join(up) + ";\n" + below + "\n" + ";\n".join(down) + ";\n"
        section = section_of(Path("1.sql"), content)
        assert len(section.text) == len(content)
        assert section.text.count("\n") == content.count("\n")
        assert [one.text for one in located_statements(section.text)] == up
