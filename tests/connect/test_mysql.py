"""Read-only sessions on real MySQL and MariaDB servers, and one clear line for every way a server says no."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pymysql
import pytest

from dbtune.connect.mysql import read_only_session, writing_session
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import ConnectionFailed, UsageError
from tests.servers.filling import fill, url_of
from tests.servers.mysql_sandbox import MySQLServer

PASSWORD = "correct hörse"


def database_url(text: str) -> DatabaseUrl:
    target = parse_target(text)
    assert isinstance(target, DatabaseUrl)
    return target


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("MYSQL_PWD", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def guarded(any_mysql: MySQLServer) -> MySQLServer:
    """The server with accounts that are refused in different ways."""
    fill(any_mysql, "gates", "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    any_mysql.run(
        *(f"DROP USER IF EXISTS {name}@'%'" for name in ("reader", "locked", "crowded", "secure", "expired")),
        f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT ON gates.* TO reader@'%'",
        "CREATE USER locked@'%' IDENTIFIED BY 'x' ACCOUNT LOCK",
        "CREATE USER secure@'%' IDENTIFIED BY 'x' REQUIRE X509",
    )
    return any_mysql


def refused(url: str, **options: int) -> str:
    with pytest.raises(ConnectionFailed) as failure, read_only_session(database_url(url), **options):
        pass
    message = str(failure.value)
    assert "\n" not in message
    assert PASSWORD not in message
    assert failure.value.exit_status == 3
    return message


def test_session_is_read_only_and_limited(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "limited", "CREATE TABLE t (id int PRIMARY KEY)")
    with read_only_session(
        database_url(url), statement_timeout_ms=12_000, lock_timeout_ms=3_000, idle_timeout_ms=77_000
    ) as session:
        assert session.version.family == any_mysql.family
        (row,) = session.rows(
            "SELECT @@session.lock_wait_timeout AS locks, @@session.innodb_lock_wait_timeout AS row_locks, "
            "@@session.wait_timeout AS idle, database() AS db"
        )
        assert row == {"locks": 3, "row_locks": 3, "idle": 77, "db": "limited"}
        limit = "@@max_statement_time * 1000" if any_mysql.family == "mariadb" else "@@max_execution_time"
        (row,) = session.rows(f"SELECT {limit} AS ms")
        assert row["ms"] == 12_000
        for statement in (
            "INSERT INTO t VALUES (1)",
            "CREATE TABLE mine (id int)",
            "ALTER TABLE t ADD COLUMN more int",
            "DROP TABLE t",
            "TRUNCATE t",
        ):
            with pytest.raises(pymysql.err.Error, match="READ ONLY"):
                session.run(statement)


def test_writing_session_writes(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "writable", "CREATE TABLE t (id int PRIMARY KEY)")
    with writing_session(database_url(url)) as session:
        session.run("INSERT INTO t VALUES (7)")
    with read_only_session(database_url(url)) as session:
        assert session.rows("SELECT id FROM t") == [{"id": 7}]


def test_writes_are_explained_and_not_run(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "explained", "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 1)")
    with read_only_session(database_url(url)) as session:
        for statement in (
            "SELECT * FROM t",
            "UPDATE t SET n = 2 WHERE id = 1",
            "DELETE FROM t",
            "INSERT INTO t VALUES (2, 2)",
        ):
            (row,) = session.explain("FORMAT=JSON", statement)
            assert "query_block" in row["EXPLAIN"] or "query" in row["EXPLAIN"]
        assert session.rows("SELECT id, n FROM t") == [{"id": 1, "n": 1}]
        with pytest.raises(pymysql.err.Error, match="READ ONLY"):
            session.run("DELETE FROM t")
        with pytest.raises(ValueError, match="not a form"):
            session.explain("ANALYZE", "DELETE FROM t")
        with pytest.raises(pymysql.err.Error):
            session.explain("", "ANALYZE DELETE FROM t")
        assert session.rows("SELECT id FROM t") == [{"id": 1}]


def test_no_lock_outlives_its_statement(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "lockable", "CREATE TABLE t (id int PRIMARY KEY)")
    with read_only_session(database_url(url)) as session:
        session.rows("SELECT * FROM t")
        any_mysql.run("SET lock_wait_timeout = 2", "ALTER TABLE lockable.t ADD COLUMN more int")


def test_session_leaves_nothing(any_mysql: MySQLServer) -> None:
    with read_only_session(database_url(any_mysql.url)) as session:
        (row,) = session.rows("SELECT connection_id() AS id")
    with any_mysql.connect() as connection, connection.cursor() as cursor:
        for _ in range(100):
            cursor.execute("SELECT count(*) FROM information_schema.processlist WHERE id = %s", (row["id"],))
            if cursor.fetchone() == (0,):
                return
            time.sleep(0.05)
    pytest.fail("the session is still there")


def test_statement_timeout(any_mysql: MySQLServer) -> None:
    columns = "information_schema.columns"
    endless = f"SELECT count(*) AS n FROM {columns} a, {columns} b, {columns} c"
    started = time.monotonic()
    with (
        pytest.raises(pymysql.err.Error, match=r"max_statement_time|maximum statement execution time"),
        read_only_session(database_url(any_mysql.url), statement_timeout_ms=200) as session,
    ):
        session.rows(endless)
    assert time.monotonic() - started < 20


def test_lost_session(any_mysql: MySQLServer) -> None:
    with (
        pytest.raises(ConnectionFailed, match="closed the connection"),
        read_only_session(database_url(any_mysql.url)) as session,
    ):
        (row,) = session.rows("SELECT connection_id() AS id")
        any_mysql.run(f"KILL {row['id']}")
        session.rows("SELECT 1")


def test_password(guarded: MySQLServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with read_only_session(database_url(url_of(guarded, "gates", "reader", PASSWORD))) as session:
        assert session.rows("SELECT id FROM t") == [{"id": 1}]
    bare = url_of(guarded, "gates", "reader")
    assert "asks for a password for 'reader'" in refused(bare)
    assert "refused the password of 'reader'" in refused(url_of(guarded, "gates", "reader", "wrong"))
    monkeypatch.setenv("MYSQL_PWD", PASSWORD)
    with read_only_session(database_url(bare)):
        pass
    monkeypatch.delenv("MYSQL_PWD")
    (tmp_path / ".my.cnf").write_text(f'[client]\nuser = reader\npassword = "{PASSWORD}"\nport = {guarded.port}\n')
    with read_only_session(database_url(f"{guarded.family}://{guarded.host}/gates")) as session:
        assert session.rows("SELECT substring_index(current_user(), '@', 1) AS me") == [{"me": "reader"}]


def test_refusals_of_the_server(guarded: MySQLServer) -> None:
    assert "there is no database 'nowhere' at" in refused(f"{guarded.url}nowhere")
    assert "'reader' has no rights on database 'mysql'" in refused(url_of(guarded, "mysql", "reader", PASSWORD))
    assert "the account of 'locked' is locked" in refused(url_of(guarded, "gates", "locked", "x"))
    assert "'secure'" in refused(url_of(guarded, "gates", "secure", "x"))


def test_nothing_there(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert f"nothing listens at 127.0.0.1:{port}" in refused(f"mysql://me@127.0.0.1:{port}/d")
    assert "cannot be resolved" in refused("mysql://me@no-such-host.invalid/d")
    assert "there is no server socket at" in refused(f"mysql://me@/d?socket={tmp_path}/none.sock")


@pytest.fixture
def strangers() -> Iterator[dict[bytes, int]]:
    """Ports by what those who listen there say first."""
    ports: dict[bytes, int] = {}
    listeners: list[socket.socket] = []

    def serve(listener: socket.socket, greeting: bytes) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            if greeting:
                connection.sendall(greeting)
                connection.close()
            else:
                listeners.append(connection)

    for greeting in (b"", b"SSH-2.0-OpenSSH_9.2\r\n and more of it so that it has a length"):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        ports[greeting[:3]] = listener.getsockname()[1]
        threading.Thread(target=serve, args=(listener, greeting), daemon=True).start()
    yield ports
    for one in listeners:
        one.close()


def test_somebody_else_listens(strangers: dict[bytes, int]) -> None:
    silent = f"mysql://me@127.0.0.1:{strangers[b'']}/d"
    assert "did not answer in time" in refused(silent, connect_timeout_seconds=1)
    message = refused(f"mysql://me@127.0.0.1:{strangers[b'SSH']}/d", connect_timeout_seconds=1)
    assert "does not speak MySQL's protocol" in message or "closed the connection" in message


def offers_tls(server: MySQLServer) -> bool:
    if server.family == "mysql":
        return True
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@have_ssl")
        return cursor.fetchone() == ("YES",)


def test_tls_is_taken_where_it_is(any_mysql: MySQLServer) -> None:
    with read_only_session(database_url(any_mysql.url)) as session:
        assert session.has_tls == offers_tls(any_mysql)
    with read_only_session(database_url(f"{any_mysql.url}?ssl-mode=disabled")) as session:
        assert not session.has_tls


def test_tls_is_not_taken_for_granted(any_mysql: MySQLServer) -> None:
    required = f"{any_mysql.url}?ssl-mode=REQUIRED"
    if not offers_tls(any_mysql):
        assert "does not speak TLS: use ssl-mode=preferred" in refused(required)
        return
    with read_only_session(database_url(required)) as session:
        assert session.has_tls
    for mode in ("verify-ca", "verify-identity"):
        assert "certificate of" in refused(f"{any_mysql.url}?ssl-mode={mode}")


def test_tls_by_the_servers_own_authority(mysql: MySQLServer, tmp_path: Path) -> None:
    if mysql.log_folder is None:
        pytest.skip("the server is none of the tests' own")
    authority = mysql.log_folder.parent / "data" / "ca.pem"
    with read_only_session(database_url(f"{mysql.url}?ssl-ca={authority}")) as session:
        assert session.has_tls
    with read_only_session(database_url(f"{mysql.url}?sslmode=verify_ca&ssl-ca={authority}")):
        pass
    assert "certificate of" in refused(f"{mysql.url}?ssl-mode=verify-identity&ssl-ca={authority}")
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for file in (broken, tmp_path / "absent.pem"):
        with (
            pytest.raises(UsageError, match="the TLS files cannot be used"),
            read_only_session(database_url(f"{mysql.url}?ssl-ca={file}")),
        ):
            pass


def test_client_certificate(mysql: MySQLServer) -> None:
    if mysql.log_folder is None:
        pytest.skip("the server is none of the tests' own")
    folder = mysql.log_folder.parent / "data"
    mysql.run("DROP USER IF EXISTS certified@'%'", "CREATE USER certified@'%' REQUIRE X509")
    keys = f"ssl-cert={folder}/client-cert.pem&ssl-key={folder}/client-key.pem"
    with read_only_session(database_url(f"{url_of(mysql, '', 'certified')}?{keys}")) as session:
        assert session.has_tls
    refused(url_of(mysql, "", "certified"))


def test_socket(any_mysql: MySQLServer) -> None:
    with any_mysql.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@socket")
        (path,) = cursor.fetchone() or ("",)
    if not Path(path).is_socket():
        pytest.skip("the server's socket is not on this machine")
    fill(any_mysql, "by_socket", "CREATE TABLE t (id int)")
    any_mysql.run(
        "DROP USER IF EXISTS local@localhost",
        "CREATE USER local@localhost",
        "GRANT SELECT ON by_socket.* TO local@localhost",
    )
    for url in (f"mysql://local@/by_socket?socket={path}", f"mysql://local@{path.replace('/', '%2F')}/by_socket"):
        with read_only_session(database_url(url)) as session:
            assert session.rows("SHOW TABLES") == [{"Tables_in_by_socket": "t"}]
            assert not session.has_tls


GREETING = (
    b"\x0a8.0.0\x00\x01\x00\x00\x00abcdefgh\x00\xff\xf7\x2d\x02\x00\xff\xc1\x15"
    + b"\x00" * 10
    + b"abcdefghijkl\x00mysql_native_password\x00"
)
"""Of a server without TLS."""
OK = b"\x00\x00\x00\x02\x00\x00\x00"


def packet(number: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "little") + bytes([number]) + content


def text(value: str) -> bytes:
    return bytes([len(value)]) + value.encode()


def column(name: str) -> bytes:
    described = text("def") + text("") * 3 + text(name) + text("")
    return described + b"\x0c\x2d\x00\xff\x00\x00\x00\xfd\x00\x00\x00\x00\x00"


def answer_version(connection: socket.socket, version: str, comment: str) -> None:
    """Let anybody in, and answer every query but SET with the version."""
    connection.sendall(packet(0, GREETING))
    connection.recv(4096)
    connection.sendall(packet(2, OK))
    while query := connection.recv(4096):
        if b"VERSION" not in query:
            connection.sendall(packet(1, OK))
            continue
        end = b"\xfe\x00\x00\x02\x00"
        parts = (b"\x02", column("v"), column("c"), end, text(version) + text(comment), end)
        connection.sendall(b"".join(packet(number, part) for number, part in enumerate(parts, 1)))


@pytest.mark.parametrize(
    ("version", "comment", "message"),
    [
        ("5.6.51-log", "MySQL Community Server", "the server runs MySQL 5.6.51; dbtune needs 5.7 or later: upgrade it"),
        ("10.4.34-MariaDB", "", "the server runs MariaDB 10.4.34; dbtune needs 10.5 or later: upgrade it"),
        ("8.0.11-TiDB-v8.5.0", "TiDB Server", "the server is TiDB, which only speaks MySQL's protocol"),
        ("unknown", "", "it is neither MySQL nor MariaDB"),
    ],
)
def test_server_that_is_too_old_or_another(version: str, comment: str, message: str) -> None:
    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection, suppress(ConnectionError):
            answer_version(connection, version, comment)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        assert message in refused(f"mysql://me@127.0.0.1:{listener.getsockname()[1]}/d", connect_timeout_seconds=5)


def test_clear_password_is_sent_by_tls_only() -> None:
    """A server that asks for the password as it is, without TLS, does not get it."""
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.sendall(packet(0, GREETING))
        received.append(connection.recv(4096))
        connection.sendall(packet(2, b"\xfemysql_clear_password\x00"))
        received.append(connection.recv(4096))
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        message = refused(f"mysql://me:s3cretpassword@127.0.0.1:{port}/d", connect_timeout_seconds=3)
        thread.join(5)
    assert received
    assert b"s3cretpassword" not in b"".join(received)
    assert "TLS only" in message
