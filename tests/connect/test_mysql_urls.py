"""What a URL of MySQL or MariaDB says, what option files add to it, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.connect import option_files
from dbtune.connect.mysql import connection_parameters
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError


def url(text: str) -> DatabaseUrl:
    target = parse_target(text)
    assert isinstance(target, DatabaseUrl)
    return target


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty home, and no option files of this machine."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(option_files, "SYSTEM_FILES", ())
    for name in ("MYSQL_PWD", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("mysql://me@there:3307/shop", {"user": "me", "host": "there", "port": "3307", "dbname": "shop"}),
        ("mysql://", {}),
        ("mariadb:///shop", {"dbname": "shop"}),
        ("mysql+pymysql://there/shop", {"host": "there", "dbname": "shop"}),
        ("mysql://me:p%40ss%2Fw%C3%B6rd@h/d", {"user": "me", "password": "p@ss/wörd", "host": "h", "dbname": "d"}),
        ("mysql://h/my%20%60shop%60%20%E8%A1%A8", {"host": "h", "dbname": "my `shop` 表"}),
        ("mysql://me@/d?unix_socket=/tmp/s.sock", {"user": "me", "dbname": "d", "socket": "/tmp/s.sock"}),
        ("mysql://%2Ftmp%2Fs.sock/d", {"socket": "/tmp/s.sock", "dbname": "d"}),
        ("mysql://[::1]:3306/d", {"host": "::1", "port": "3306", "dbname": "d"}),
        ("mysql://h/?ssl-mode=VERIFY_CA&ssl-ca=/ca.pem", {"host": "h", "ssl-mode": "verify-ca", "ssl-ca": "/ca.pem"}),
        ("mysql://h/?sslmode=verify-full&sslrootcert=/a", {"host": "h", "ssl-mode": "verify-identity", "ssl-ca": "/a"}),
        ("mysql://h/?ssl_cert=/c&ssl_key=/k", {"host": "h", "ssl-cert": "/c", "ssl-key": "/k"}),
        ("mysql://h/?tls=false", {"host": "h", "ssl-mode": "disabled"}),
        ("mysql://h/d?charset=utf8mb4&autocommit=true", {"host": "h", "dbname": "d"}),
    ],
)
def test_url(text: str, parameters: dict[str, str]) -> None:
    assert dict(url(text).parameters) == parameters


def test_dialect() -> None:
    assert url("mysql://h/d").dialect == "mysql"
    assert url("MariaDB://h/d").dialect == "mariadb"
    assert url("mysql://h/d").database == "d"
    assert url("mysql://h/").database is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mysql://me:s3cret@h/d?ssl-mode=maybe", "ssl-mode=maybe is not known: use disabled, preferred"),
        ("mysql://me:s3cret@h/d?ssl-mod=required", "'ssl-mod' that is not known; did you mean 'ssl-mode'"),
        ("mysql://me:s3cret@h/d?colour=red", "'colour' that is not known; known: socket"),
        ("mysql://me:s3cret@h:port/d", "cannot be read: use mysql://user@host:port/database"),
        ("mysql://me:s3cret@h:99999/d", "the port is a number from 1 to 65535"),
        ("mysql://me:s3cret@h/d?port=x", "the port is a number from 1 to 65535"),
    ],
)
def test_wrong_url(text: str, message: str) -> None:
    with pytest.raises(UsageError) as failure:
        parse_target(text)
    assert message in str(failure.value)
    assert "s3cret" not in str(failure.value)


def test_no_password_is_shown() -> None:
    one = url("mysql://me:s3cret@h/d?password=s3cret")
    assert "s3cret" not in str(one) + repr(one)
    assert str(one).startswith("mysql://me:***@h/d")


def test_option_file(home: Path) -> None:
    (home / ".my.cnf").write_text(
        """
        # a comment
        [mysqld]
        user = mysql
        [client]
        user=me
        password="a#b\\\\c \\"d"   # why
        host = there   # the place
        port=3309
        ssl_mode = VERIFY_IDENTITY
        ssl-ca = '/etc/my ca.pem'
        [mysqldump]
        user=dumper
        """
    )
    found = connection_parameters(url("mysql:///shop"))
    assert found == {
        "user": "me",
        "password": 'a#b\\c \\"d',
        "host": "there",
        "port": "3309",
        "ssl-mode": "verify-identity",
        "ssl-ca": "/etc/my ca.pem",
        "dbname": "shop",
    }


def test_the_url_counts_before_the_file_and_the_file_before_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".my.cnf").write_text("[client]\nuser=filed\npassword=filed\nsocket=/tmp/filed.sock\n")
    monkeypatch.setenv("MYSQL_PWD", "environment")
    assert connection_parameters(url("mysql://h/d"))["password"] == "filed"
    assert connection_parameters(url("mysql://u:given@h/d"))["password"] == "given"
    assert connection_parameters(url("mysql://u@/d"))["socket"] == "/tmp/filed.sock"
    assert "socket" not in connection_parameters(url("mysql://h/d"))
    (home / ".my.cnf").unlink()
    assert connection_parameters(url("mysql://h/d"))["password"] == "environment"


def test_included_and_named_files(home: Path) -> None:
    folder = home / "conf.d"
    folder.mkdir()
    (folder / "a.cnf").write_text("[client]\nuser = included\n")
    (folder / "b.txt").write_text("[client]\nuser = not me\n")
    (home / "loop.cnf").write_text(f"!include {home}/loop.cnf\n[client]\nport = 3310\n")
    main = home / "main.cnf"
    main.write_text(f"[client]\nuser = first\n!includedir {folder}\n!include {home}/loop.cnf\n")
    found = connection_parameters(url(f"mysql://h/d?defaults-file={main}"))
    assert (found["user"], found["port"]) == ("included", "3310")
    assert "defaults-file" not in found
    with pytest.raises(UsageError, match="there is no option file"):
        connection_parameters(url(f"mysql://h/d?defaults-file={home}/absent.cnf"))


def test_file_that_everybody_may_write_is_left_out(home: Path) -> None:
    file = home / ".my.cnf"
    file.write_text("[client]\nuser = anybody\n")
    file.chmod(0o666)
    assert connection_parameters(url("mysql://h/d"))["user"] != "anybody"


def test_groups_and_tls_words_of_mariadb(home: Path) -> None:
    (home / ".my.cnf").write_text(
        "[client-mariadb]\nuser = maria\nssl-verify-server-cert\n[client]\nskip-ssl\n[client-server]\nport = 3311\n"
    )
    found = connection_parameters(url("mariadb://h/d"))
    assert (found["user"], found["port"], found["ssl-mode"]) == ("maria", "3311", "disabled")
    assert connection_parameters(url("mysql://h/d"))["port"] == "3306"


def test_port_and_socket_of_the_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("MYSQL_TCP_PORT", "3312")
    assert connection_parameters(url("mysql://h/d"))["port"] == "3312"
    assert connection_parameters(url("mysql://h:1/d"))["port"] == "1"
    monkeypatch.setenv("MYSQL_UNIX_PORT", str(home / "absent.sock"))
    assert "socket" not in connection_parameters(url("mysql://localhost/d"))
