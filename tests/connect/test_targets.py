"""What TARGET may be, and that no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import UsageError


def url(text: str) -> DatabaseUrl:
    target = parse_target(text)
    assert isinstance(target, DatabaseUrl)
    return target


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("postgresql://me@there:5433/shop", {"user": "me", "host": "there", "port": "5433", "dbname": "shop"}),
        ("postgres:///shop", {"dbname": "shop"}),
        ("postgresql://", {}),
        ("postgresql+psycopg://there/shop", {"host": "there", "dbname": "shop"}),
        ("postgresql://postgres@/db?host=/tmp/x", {"user": "postgres", "dbname": "db", "host": "/tmp/x"}),
        ("postgresql://%2Ftmp%2Fx/db", {"host": "/tmp/x", "dbname": "db"}),
        ("postgresql:///?service=shop", {"service": "shop"}),
        ("postgresql://h/d?sslmode=require&sslrootcert=/ca.pem", None),
        ("postgresql://h/d?ssl=true", {"host": "h", "dbname": "d", "sslmode": "require"}),
        ("postgresql://me:p%40ss%2Fword@h/d", {"user": "me", "password": "p@ss/word", "host": "h", "dbname": "d"}),
        ("postgresql://a:1,b:2/d", {"host": "a,b", "port": "1,2", "dbname": "d"}),
        ("postgresql://[::1]:5432/d", {"host": "::1", "port": "5432", "dbname": "d"}),
        ("POSTGRESQL://h/d", {"host": "h", "dbname": "d"}),
    ],
)
def test_url(text: str, parameters: dict[str, str] | None) -> None:
    expected = parameters or {"host": "h", "dbname": "d", "sslmode": "require", "sslrootcert": "/ca.pem"}
    assert dict(url(text).parameters) == (expected if text != "postgresql://" else {})


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me:s3cret@there/shop",
        "postgresql://me@there/shop?password=s3cret",
        "postgresql://me:s3cret@a:1,b:2/shop",
        "postgresql://me@there/shop?sslkey=/k&sslpassword=s3cret",
    ],
)
def test_password_is_not_shown(text: str) -> None:
    target = url(text)
    assert "s3cret" in target.conninfo
    for shown in (str(target), repr(target), f"{target}"):
        assert "s3cret" not in shown
        assert "me" in shown
        assert "shop" in shown


@pytest.mark.parametrize("text", ["shop.json.zst", "/tmp/a.json", "./postgresql", "C:shop.json"])
def test_path(text: str) -> None:
    assert parse_target(text) == Path(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oracle://me:s3cret@h/d", "'oracle://' is not a database dbtune knows: use postgresql://"),
        ("", "no target: give a database URL"),
        ("postgresql://me:s3cret@h:port/d", "the port is a number"),
        ("postgresql://h:99999/d", "the port is a number"),
        ("postgresql://me:s3%ret@h/d?sslmood=1", "invalid connection option"),
        ("postgresql://me:s3cret@h:1,b:2/d?nonsense=1", "invalid URI query parameter"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_target(text)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "s3" not in str(refused.value)


def test_equal_urls_are_equal() -> None:
    assert url("postgresql://a/b") == url("postgresql://a/b")
    assert hash(url("postgresql://a/b")) == hash(url("postgresql://a/b"))
    assert url("postgresql://me:1@a/b") != url("postgresql://me:2@a/b")
