"""A real server under other settings of its log: whatever they are, the text says what the CSV and the JSON say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.model.digest import Digest, StatementDigest
from tests.conftest import run_script
from tests.logs.postgres.test_real_logs import SCHEMA, SETTINGS, found, read, work

FIXED = ("logging_collector", "log_min_messages", "log_min_error_statement")
"""Set where the server starts; the others may change while it runs."""

Logged = Callable[..., Path]


@pytest.fixture(scope="module")
def logged() -> Iterator[Logged]:
    """Makes a server work under the given settings; the log's path without its ending."""
    settings = {**{name: SETTINGS[name] for name in FIXED}, "shared_preload_libraries": "auto_explain"}
    numbers = count()
    with EmbeddedServer(find_binaries(), settings=settings) as server:
        url = server.create_database("shop")
        run_script(url, SCHEMA)

        def configure(connection: psycopg.Connection[object], **wanted: str) -> None:
            connection.execute("ALTER SYSTEM RESET ALL")
            for name, value in wanted.items():
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET {} = {}").format(
                        sql.SQL(name.replace("__", ".")),  # type: ignore[arg-type]
                        sql.Literal(value),
                    )
                )
            connection.execute("SELECT pg_reload_conf()")
            time.sleep(0.3)

        def run(**wanted: str) -> Path:
            name = f"log{next(numbers)}"
            others = {key: value for key, value in SETTINGS.items() if key not in FIXED}
            with psycopg.connect(url, autocommit=True) as connection:
                quiet = {**others, "log_filename": f"{name}.log", "log_min_duration_statement": "-1"}
                # the new prefix before the first line of the new file
                configure(
                    connection, **{**quiet, **wanted, "log_min_duration_statement": "-1", "log_statement": "none"}
                )
                configure(connection, **{**others, "log_filename": f"{name}.log", **wanted})
            work(url)
            time.sleep(0.4)  # the collector writes after the session has ended
            return server.data_directory / "log" / name

        yield run


def facts(made: Digest, *, names: bool = False) -> dict[str, object]:
    return {
        one.text: (
            one.calls,
            round(one.total_ms or 0, 2),
            one.errors,
            {sample.sql for sample in one.samples},
            (one.users, one.databases) if names else (),
        )
        for one in made.statements
        if "pg_reload_conf" not in one.text  # of the settings before or after, as the files are changed
    }


def incidents(made: Digest) -> set[tuple[str, str, float]]:
    return {(one.kind, one.text, one.count) for one in made.incidents}


@pytest.mark.parametrize(
    ("prefix", "named"),
    [
        ("", False),
        ("%n [%p] ", False),
        ("%t [%p]: [%l-1] %quser=%u,db=%d,app=%a,client=%h ", True),
        ("%m|%p|%u|%d|%a|%h|", False),
        ("%t:%r:%u@%d:[%p]:", True),
        ("%m [%p] %Q %b ", False),
        ("%m [%p] [%a] %u@%d ", True),
        ("%m [%-8p] %-10u %10d ", False),
        ("%s %m [%p:%l] %d/%u ", False),
        ("100%% %t <%c> ", False),
        ('{"p":%p,"u":"%u"} ', False),
    ],
)
def test_any_prefix(prefix: str, named: bool, logged: Logged) -> None:
    path = logged(log_line_prefix=prefix)
    of_csv = read(path.with_suffix(".csv"))
    told, given = read(path.with_suffix(".log")), read(path.with_suffix(".log"), log_line_prefix=prefix)
    assert given.sources[0].skipped == told.sources[0].skipped == of_csv.sources[0].skipped
    assert facts(told, names=named) == facts(of_csv, names=named)
    assert facts(given, names="%u" in prefix and "%d" in prefix) == facts(
        of_csv, names="%u" in prefix and "%d" in prefix
    )
    assert incidents(told) == incidents(given) == incidents(of_csv)
    wrong = [client.name for one in told.statements for client in (*one.users, *one.databases)]
    assert all(name == "postgres" or name.startswith("shop_") for name in wrong), (
        "a name that is guessed is a right one"
    )


def test_error_codes_and_places_in_the_source(logged: Logged) -> None:
    path = logged(log_error_verbosity="verbose", log_line_prefix="%m [%p] ")
    made = read(path.with_suffix(".log"))
    assert facts(made) == facts(read(path.with_suffix(".csv"))) == facts(read(path.with_suffix(".json")))
    assert incidents(made) == incidents(read(path.with_suffix(".json")))
    assert made.errors == 3


def test_a_duration_apart_from_its_statement(logged: Logged) -> None:
    path = logged(
        log_min_duration_statement="-1", log_duration="on", log_statement="all", log_line_prefix="%m [%p] %q%u@%d "
    )
    made = read(path.with_suffix(".log"))
    assert facts(made) == facts(read(path.with_suffix(".csv"))) == facts(read(path.with_suffix(".json")))
    extended = found(made, "SELECT id FROM t WHERE name = $1 AND id > $2")
    assert extended.calls == 5
    assert extended.total_ms is not None and extended.total_ms > 0
    assert "SELECT id FROM t WHERE name = 'it''s\n\t\"3\"' AND id > '3'" in {one.sql for one in extended.samples}


@pytest.mark.parametrize("form", ["text", "json", "yaml", "xml"])
@pytest.mark.parametrize("with_durations", [True, False])
def test_plans_of_auto_explain(form: str, with_durations: bool, logged: Logged) -> None:
    path = logged(
        log_min_duration_statement="0" if with_durations else "-1",
        log_line_prefix="%m [%p] %q%u@%d ",
        auto_explain__log_min_duration="0",
        auto_explain__log_analyze="on",
        auto_explain__log_format=form,
    )
    digests = [read(path.with_suffix(ending)) for ending in (".log", ".csv", ".json")]
    for made in digests:
        assert facts(made) == facts(digests[0])
        assert _plans(made) == _plans(digests[0])
    sorting = found(digests[0], "SELECT * FROM t ORDER BY name DESC OFFSET")
    assert sorting.calls == 1
    (sample,) = sorting.samples
    assert sample.plan is not None
    assert "Sort Key" in sample.plan.replace("-", " ")
    assert "rows=9000" in sample.plan or "9000" in sample.plan, "the rows that there were"
    simple = found(digests[0], "SELECT name FROM t WHERE id = $1")
    assert simple.calls == 5
    assert any("-- it's" in one.sql for one in simple.samples)
    extended = found(digests[0], "SELECT id FROM t WHERE name = $1 AND id > $2")
    assert "SELECT id FROM t WHERE name = 'it''s\n\t\"3\"' AND id > '3'" in {one.sql for one in extended.samples}


def _plans(made: Digest) -> set[tuple[str, str | None]]:
    def plans(one: StatementDigest) -> Iterator[str | None]:
        return (None if sample.plan is None else "".join(sample.plan.split()) for sample in one.samples)

    return {(one.text, plan) for one in made.statements if "pg_reload_conf" not in one.text for plan in plans(one)}
