"""No password is shown, and no path is hidden."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.cli.masking import without_passwords

SECRET = "S3cr3t"
PASSWORDS = st.text(string.ascii_letters + string.digits + "/:?#%+*!~._,;@=-", max_size=8).map(lambda s: s + SECRET)
"""With signs of all kinds before what must never be seen."""
WITH_BLANKS = st.text(string.ascii_letters + " ", min_size=1, max_size=8).map(lambda some: some + SECRET)
NAMES = st.text(string.ascii_lowercase + string.digits + "._-", min_size=1, max_size=12)
SCHEMES = st.sampled_from(["postgresql", "postgres", "mysql", "mariadb", "postgresql+psycopg", "MySQL"])


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://bob:s3cret@host/db", "postgresql://bob:***@host/db"),
        ("postgresql+psycopg://bob:s3:cr@et@host/db", "postgresql+psycopg://bob:***@host/db"),
        ("postgresql://:s3cret@/db", "postgresql://:***@/db"),
        ("mysql://bob:s3/cr et@host/db", "mysql://bob:***@host/db"),
        ("mysql:/bob:s3cret@host/db", "mysql:/bob:***@host/db"),
        ("amqp://bob:s3cret@host/x", "amqp://bob:***@host/x"),
        ("host=h password=s3cret user=u", "host=h password=*** user=u"),
        ("host=h password='s3 \\'cret' user=u", "host=h password=*** user=u"),
        ('host=h password="s3 cret" user=u', "host=h password=*** user=u"),
        ("host=h password='s3 cret", "host=h password=***"),
        ("postgresql://h/db?password=s3cret&sslmode=require", "postgresql://h/db?password=***&sslmode=require"),
        ("mysql://h/db?ssl_password=s3,cret&ssl=1", "mysql://h/db?ssl_password=***&ssl=1"),
        ("MYSQL_PWD=s3cret", "MYSQL_PWD=***"),
    ],
)
def test_passwords_are_masked(text: str, masked: str) -> None:
    assert without_passwords(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "no such file: /etc/passwd:",
        "no such file: /etc/passwd:x",
        "there is no file logs/old-password=7.log (a database needs a URL: postgresql://user@host/db)",
        r"no such file: C:\logs\passwd:1.log",
        "no such file: /var/a:b@c/d",
        "postgresql://bob@host/db",
        "mysql://127.0.0.1:3306/db: 'SELECT' denied to 'dbtune'@'localhost'",
        "mysql://[::1]:3306/db: 'SELECT' denied to 'dbtune'@'localhost'",
        "https://host:8080/logs/x@y.log",
        "Access denied for user 'bob'@'localhost' (using password: YES)",
    ],
)
def test_all_else_is_shown(text: str) -> None:
    assert without_passwords(text) == text


@given(SCHEMES, NAMES, PASSWORDS | WITH_BLANKS, NAMES)
def test_no_password_of_a_url_is_shown(scheme: str, user: str, password: str, host: str) -> None:
    shown = without_passwords(f"no such file: {scheme}://{user}:{password}@{host}/db")
    assert SECRET not in shown
    assert shown.endswith(f"@{host}/db")


@given(
    st.sampled_from(["password", "PASSWORD", "passwd", "pwd", "sslpassword", "ssl_password", "PGPASSWORD", "db-pwd"]),
    st.sampled_from(["=", " = ", ": "]),
    PASSWORDS,
)
def test_no_password_setting_is_shown(name: str, sign: str, password: str) -> None:
    for before in ("", "host=h ", "mysql://h/db?", "mysql://h/db?a=b&", "cannot read ("):
        assert SECRET not in without_passwords(f"{before}{name}{sign}{password} user=u")
        assert SECRET not in without_passwords(f"{before}{name}{sign}'{password} {password}' user=u")


@given(st.lists(NAMES, min_size=1, max_size=4), st.sampled_from(["passwd", "password", "pwd", "my-passwd"]), NAMES)
def test_no_path_is_hidden(folders: list[str], name: str, rest: str) -> None:
    for sign in ":=":
        message = f"no such file: {'/'.join(folders)}/{name}{sign}{rest}"
        assert without_passwords(message) == message
