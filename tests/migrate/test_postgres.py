"""What stands around the statements for Postgres: tried against writers, leftovers, limits, and squawk."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.ddl import guards
from dbtune.ddl.indexes import create_index, drop_index
from dbtune.migrate import postgres
from dbtune.migrate.flow import Wishes, propose
from dbtune.migrate.migration import Way
from dbtune.migrate.pieces import pieces
from dbtune.migrate.planning import plan
from dbtune.migrate.writing import write_all
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey
from tests.migrate.reports import (
    ALL,
    DROPPED,
    EXPRESSION,
    INDEXES,
    MAINTENANCE,
    PARTITIONED,
    PLAIN,
    QUOTED,
    SCHEMA,
    SIMPLE,
    STATISTICS,
    report,
)

VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('public.idx_shop_order_status')"


def run(url: str, way: Way) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in way.statements:
            connection.execute(statement.encode())
        assert connection.execute("SHOW lock_timeout").fetchone() == (_default(url, "lock_timeout"),)
        assert connection.execute("SHOW statement_timeout").fetchone() == (_default(url, "statement_timeout"),)


def _default(url: str, name: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SHOW {name}".encode()).fetchone()
    assert row is not None
    return str(row[0])


def _leave_invalid(url: str) -> None:
    """A build that broke off, for its index."""
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute("BEGIN")
        writer.execute("DELETE FROM shop_order WHERE id = 1")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                connection.execute(SIMPLE.sql.up[0].encode())
        writer.execute("ROLLBACK")


def test_a_build_that_broke_off_is_built_anew(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    _leave_invalid(url)
    with psycopg.connect(url) as connection:
        assert connection.execute(VALID).fetchone() == (False,)
    run(url, postgres.way(SIMPLE.sql.up))
    run(url, postgres.way(SIMPLE.sql.up))  # and again, with nothing to do
    with psycopg.connect(url) as connection:
        assert connection.execute(VALID).fetchone() == (True,)


def test_limits_of_the_database_do_not_break_a_build_off(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET lock_timeout = '100ms'".encode())
        connection.execute(f"ALTER DATABASE {name} SET statement_timeout = '150ms'".encode())
    with psycopg.connect(url) as writer:
        writer.execute("DELETE FROM shop_order WHERE id = 1")
        end = threading.Timer(0.5, writer.rollback)
        end.start()
        run(url, postgres.way(SIMPLE.sql.up))
        end.join()
    with psycopg.connect(url) as connection:
        assert connection.execute(VALID).fetchone() == (True,)


def test_an_index_that_stays_invalid_is_told(make_database: Callable[..., str]) -> None:
    """Where one message is one file, IF NOT EXISTS takes the leftover for the index; the last file does not."""
    url = make_database(SCHEMA)
    _leave_invalid(url)
    *_, last = pieces(plan(report(SIMPLE)).migrations)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SIMPLE.sql.up[0].replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS").encode())
        with pytest.raises(psycopg.errors.RaiseException, match="INVALID, because its build broke off"):
            for statement in last.up:
                connection.execute(statement.encode())


def test_what_locks_writers_out_is_tried_again(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    run(url, postgres.way(PARTITIONED.sql.up))
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM event")
        end = threading.Timer(2.5, reader.rollback)  # longer than one attempt waits
        end.start()
        run(url, postgres.way(PARTITIONED.sql.down))
        end.join()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('public.idx_event_kind')").fetchone() == (None,)


def test_half_of_a_partitioned_index_is_completed(make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in PARTITIONED.sql.up[:3]:
            connection.execute(statement.encode())
    run(url, postgres.way(PARTITIONED.sql.up))
    with psycopg.connect(url) as connection:
        rows = connection.execute(INDEXES).fetchall()
    assert [row[2] for row in rows if "kind" in str(row[0])] == [True, True, True]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.title)
def test_every_way_runs_twice(one: object, make_database: Callable[..., str]) -> None:
    url = make_database(SCHEMA)
    chosen = next(each for each in ALL if each is one)
    for _ in range(2):
        for _ in range(2):
            run(url, postgres.way(chosen.sql.up))
        for _ in range(2):
            run(url, postgres.way(chosen.sql.down))


def test_a_transaction_stays_whole() -> None:
    statements = ("BEGIN", "SET LOCAL lock_timeout = '2s'", "ALTER TABLE t RENAME TO u", "COMMIT", "ANALYZE u")
    steps = postgres.way(statements).steps
    assert [step.sql for step in steps] == [";\n".join(statements[:4]), "ANALYZE u"]
    assert [step.alone for step in steps] == [True, False]


def test_which_indexes_a_framework_can_build() -> None:
    found = {one.title: postgres.plain_index(one.sql.up) for one in ALL}
    plain = [title for title, index in found.items() if index is not None]
    assert plain == [PLAIN.title, SIMPLE.title, QUOTED.title]
    index = found[PLAIN.title]
    assert index is not None
    assert index.keys == (("customer_id", False), ("created_at", True))
    assert index.include == ("status",)
    odd = found[QUOTED.title]
    assert odd is not None
    assert (odd.schema, odd.table, odd.name) == ("Sales", 'Order "X" Line', 'idx_Order "X" Line_it\'s')
    for more in (
        "(a text_pattern_ops)",
        "(a) WHERE b",
        "((a + 1))",
        "USING gin (a)",
        "(a DESC NULLS LAST)",
        '(a COLLATE "C")',
    ):
        assert postgres.plain_index((f"CREATE INDEX CONCURRENTLY i ON s.t {more}",)) is None, more
    assert postgres.plain_index(("CREATE UNIQUE INDEX CONCURRENTLY i ON s.t (a)",)) is None


NAMES = st.text(st.sampled_from("aZ_9 \"'$.;()-"), min_size=1, max_size=12)
KEYS = st.lists(
    st.builds(IndexKey, column=NAMES, descending=st.booleans(), nulls_first=st.booleans()), min_size=1, max_size=3
)
INDEXES_OF_ANY_NAME = st.builds(
    Index,
    name=NAMES,
    table=st.builds(QualifiedName, NAMES, NAMES),
    keys=KEYS.map(tuple),
    include=st.lists(NAMES, max_size=2).map(tuple),
)


@given(INDEXES_OF_ANY_NAME)
def test_an_index_of_any_name_is_read_as_it_is(index: Index) -> None:
    """Against the one place that writes these statements."""
    built = postgres.way((create_index(index),))
    assert [step.sql for step in built.steps] == [create_index(index, if_not_exists=True)]
    assert built.before[-1] == guards.drop_if_invalid(index.qualified_name)
    assert built.after[0] == guards.require_valid(index.qualified_name)
    plain = postgres.plain_index((create_index(index),))
    usual = all(key.descending == key.nulls_first for key in index.keys)
    assert (plain is not None) == usual
    if plain is not None:
        assert (plain.schema, plain.table, plain.name) == (index.table.schema, index.table.name, index.name)
        assert plain.keys == tuple((key.column, key.descending) for key in index.keys)
        assert plain.include == index.include
    dropped = postgres.way((drop_index(index.qualified_name),))
    assert [step.alone for step in dropped.steps] == [True]


SQUAWK_REPORTS = {
    "indexes": (PLAIN, SIMPLE, EXPRESSION, QUOTED, DROPPED),
    "the rest": (PARTITIONED, STATISTICS),
}


@pytest.mark.parametrize("name", SQUAWK_REPORTS)
@pytest.mark.parametrize("form", ["sql", "golang-migrate"])
def test_squawk_finds_nothing(name: str, form: str, tmp_path: Path) -> None:
    write_all(propose(report(*SQUAWK_REPORTS[name]), Wishes(tmp_path, form)).output.files)
    files = sorted(map(str, tmp_path.glob("*.sql")))
    done = subprocess.run(
        [Path(sys.executable).with_name("squawk"), "--reporter=Json", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [(found["file"], found["rule_name"]) for found in json.loads(done.stdout or "[]")] == [], done.stderr


def test_squawk_does_find_something(tmp_path: Path) -> None:
    """The check above can fail."""
    bad = tmp_path / "bad.sql"
    bad.write_text(SIMPLE.sql.up[0].replace("CONCURRENTLY ", "") + ";\n")
    done = subprocess.run([Path(sys.executable).with_name("squawk"), bad], capture_output=True, check=False, timeout=60)
    assert done.returncode == 1


def test_maintenance_is_no_migration() -> None:
    planned = plan(report())
    assert [one.title for one in planned.of_one_server] == [MAINTENANCE.title]
    assert len(planned.migrations) == len(ALL) - 1
    (named,) = plan(report(), [MAINTENANCE.id]).migrations
    assert named.down == Way()
    assert named.up.statements[2] == MAINTENANCE.sql.up[0]
