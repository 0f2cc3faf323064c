"""Read-only sessions on real servers, and one clear line for every way a server says no."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from dbtune.connect.postgres import read_only_session
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.embedded import EmbeddedServer
from dbtune.model.errors import ConnectionFailed
from tests.connect.proxy import listening

PASSWORD = "correct horse"

GATES = """\
local locked_out   all     reject
local with_password all    scram-sha-256
local all          all     trust
"""
"""pg_hba.conf: databases of these names let nobody in, or ask for a password."""


def database_url(text: str) -> DatabaseUrl:
    target = parse_target(text)
    assert isinstance(target, DatabaseUrl)
    return target


@pytest.fixture(scope="module")
def guarded(postgres: EmbeddedServer) -> Iterator[EmbeddedServer]:
    """The server with databases that refuse in different ways."""
    gates = postgres.data_directory / "pg_hba.conf"
    before = gates.read_text()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        for name in ("locked_out", "with_password", "closed"):
            connection.execute(f"CREATE DATABASE {name}")
        connection.execute(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE ROLE no_login NOLOGIN")
        connection.execute("CREATE ROLE crowded LOGIN CONNECTION LIMIT 0")
        connection.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
        gates.write_text(GATES)
        connection.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)
        yield postgres
        gates.write_text(before)
        connection.execute("SELECT pg_reload_conf()")


def refused(url: str, **options: int) -> str:
    with pytest.raises(ConnectionFailed) as failure, read_only_session(database_url(url), **options):
        pass
    message = str(failure.value)
    assert "\n" not in message
    assert failure.value.exit_status == 3
    return message


def test_session_is_read_only_and_limited(postgres: EmbeddedServer) -> None:
    with read_only_session(
        database_url(postgres.url), statement_timeout_ms=12_000, lock_timeout_ms=300, idle_timeout_ms=77_000
    ) as connection:
        for name, value in {
            "application_name": "dbtune",
            "transaction_read_only": "on",
            "default_transaction_read_only": "on",
            "statement_timeout": "12s",
            "lock_timeout": "300ms",
            "idle_in_transaction_session_timeout": "77s",
        }.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            assert row == (value,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE mine ()")
        connection.rollback()
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):  # in the next transaction too
            connection.execute("CREATE TABLE mine ()")


def test_own_options_are_kept_and_cannot_lift_the_limits(
    postgres: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = "-c work_mem=77MB -c default_transaction_read_only=off"
    monkeypatch.setenv("PGOPTIONS", options)
    for url in (postgres.url, f"{postgres.url}&options={quote(options)}"):
        with read_only_session(database_url(url)) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("77MB",)
            assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


def test_session_leaves_nothing(postgres: EmbeddedServer) -> None:
    with read_only_session(database_url(postgres.url)) as connection:
        connection.execute("SELECT 1")
    with psycopg.connect(postgres.url) as connection:
        for _ in range(1200):  # a busy machine ends it later
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dbtune'"
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.05)
    pytest.fail("a session is still there")


def test_statement_timeout(postgres: EmbeddedServer) -> None:
    started = time.monotonic()
    with (
        pytest.raises(psycopg.errors.QueryCanceled),
        read_only_session(database_url(postgres.url), statement_timeout_ms=100) as connection,
    ):
        connection.execute("SELECT pg_sleep(10)")
    assert time.monotonic() - started < 5


def test_lost_session(postgres: EmbeddedServer) -> None:
    with (
        pytest.raises(ConnectionFailed, match="closed the connection"),
        read_only_session(database_url(postgres.url)) as connection,
        psycopg.connect(postgres.url) as killer,
    ):
        killer.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
        connection.execute("SELECT 1")


@pytest.mark.parametrize("way", [{"refuse_options": True}, {"drop_options": True}])
def test_through_a_pooler(postgres: EmbeddedServer, way: dict[str, bool]) -> None:
    with (
        listening(postgres.folder, **way) as port,  # type: ignore[arg-type]
        read_only_session(
            database_url(f"postgresql://postgres@127.0.0.1:{port}/postgres"), lock_timeout_ms=321
        ) as there,
    ):
        assert there.execute("SHOW lock_timeout").fetchone() == ("321ms",)
        assert there.execute("SHOW transaction_read_only").fetchone() == ("on",)
        there.rollback()
        # nothing stays behind in a session that the pooler hands on
        assert there.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_password(guarded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    url = f"postgresql://reader@/with_password?host={guarded.folder}"
    monkeypatch.delenv("PGPASSWORD", raising=False)
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    assert "asks for a password for 'reader': set PGPASSWORD" in refused(url)
    wrong = refused(url.replace("reader@", "reader:wr0ng@"))
    assert "refused the password of 'reader'" in wrong
    assert "wr0ng" not in wrong

    def works() -> bool:
        with read_only_session(database_url(url)) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)

    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert works()
    monkeypatch.delenv("PGPASSWORD")
    passfile = tmp_path / "pgpass"
    passfile.write_text(f"*:*:*:reader:{PASSWORD}\n")
    passfile.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passfile))
    assert works()
    with read_only_session(database_url(url.replace("reader@", f"reader:{quote(PASSWORD)}@"))) as connection:
        assert connection.info.user == "reader"


def test_service(guarded: EmbeddedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    services = tmp_path / "services.conf"
    services.write_text(f"[shop]\nhost={guarded.folder}\nuser=reader\npassword={PASSWORD}\ndbname=with_password\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    with read_only_session(database_url("postgresql:///?service=shop")) as connection:
        assert connection.info.dbname == "with_password"
    monkeypatch.setenv("PGSERVICE", "shop")
    with read_only_session(database_url("postgresql://")) as connection:
        assert connection.info.dbname == "with_password"
    assert "service" in refused("postgresql:///?service=none_of_that_name")


@pytest.mark.parametrize(
    ("user", "database", "expected"),
    [
        ("postgres", "no_such_database", "there is no database 'no_such_database' at "),
        ("nobody_known", "postgres", "there is no role 'nobody_known' at "),
        ("no_login", "postgres", "role 'no_login' may not log in"),
        ("crowded", "postgres", "has no free connection"),
        ("reader", "closed", "'reader' may not connect to database 'closed': GRANT CONNECT"),
        ("reader", "locked_out", "does not let 'reader' in from here (pg_hba.conf)"),
    ],
)
def test_server_refuses(guarded: EmbeddedServer, user: str, database: str, expected: str) -> None:
    assert expected in refused(f"postgresql://{user}@/{database}?host={guarded.folder}")


def test_no_entry_for_this_host(guarded: EmbeddedServer) -> None:
    gates = guarded.data_directory / "pg_hba.conf"
    before = gates.read_text()
    try:
        gates.write_text("local all postgres trust\n")
        with psycopg.connect(guarded.url, autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
            time.sleep(0.2)
            message = refused(f"postgresql://reader@/postgres?host={guarded.folder}")
            gates.write_text(before)
            connection.execute("SELECT pg_reload_conf()")
            time.sleep(0.2)
    finally:
        gates.write_text(before)
    assert "(pg_hba.conf) without TLS: add an entry for it" in message


def test_tls_refused_by_the_server(postgres: EmbeddedServer) -> None:
    with listening(postgres.folder) as port:
        message = refused(f"postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=require")
    assert f"127.0.0.1:{port} does not speak TLS: use sslmode=prefer" in message


def test_server_too_old(postgres: EmbeddedServer) -> None:
    def eleven(data: bytes) -> bytes:
        at = data.find(b"server_version\0")
        if at < 0:
            return data
        value = at + len(b"server_version\0")
        return data[:value] + b"11" + data[value + 2 :]

    with listening(postgres.folder, server_says=eleven) as port:
        message = refused(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    assert message == "the server runs Postgres 11; dbtune needs 12 or later: upgrade it"


def test_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert f"nothing listens at 127.0.0.1:{port}" in refused(f"postgresql://me@127.0.0.1:{port}/d")
    assert f"no server socket at {tmp_path} (Unix socket)" in refused(f"postgresql://me@/d?host={tmp_path}")
    assert "host name of no-such-host.invalid" in refused("postgresql://me@no-such-host.invalid/d")
    assert "sslmode" in refused("postgresql://me@localhost/d?sslmode=maybe")


def test_no_answer(postgres: EmbeddedServer) -> None:
    with listening(postgres.folder, silent=True) as port:
        started = time.monotonic()
        message = refused(f"postgresql://me@127.0.0.1:{port}/d", connect_timeout_seconds=2)
    assert "did not answer in time" in message
    assert time.monotonic() - started < 10


def test_interrupt_closes_the_session(postgres: EmbeddedServer) -> None:
    seen: list[int] = []

    def interrupted() -> None:
        with read_only_session(database_url(postgres.url)) as connection:
            seen.append(connection.info.backend_pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        _until(lambda: connection.execute("SELECT FROM pg_stat_activity WHERE pid = %s", seen).fetchone() is None)


def _until(condition: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(100):
        if condition():
            return
        waited.wait(0.05)
    pytest.fail("it did not happen within 5 s")
