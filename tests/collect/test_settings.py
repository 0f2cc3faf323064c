"""Values of ``pg_settings`` as SET takes them, and expressions without their outer parentheses."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.collect.postgres.expressions import without_outer_parentheses
from dbtune.collect.postgres.server import value_with_unit
from tests.collect.conftest import MAJORS, collected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("4096", "kB", "4096kB"),
        ("16384", "8kB", "131072kB"),
        ("-1", "8kB", "-1"),
        ("0", "ms", "0"),
        ("2", "ms", "2ms"),
        ("0.5", "ms", "0.5ms"),
        ("300", "s", "300s"),
        ("1440", "min", "1440min"),
        ("on", None, "on"),
        ("16777216", "B", "16777216B"),
    ],
)
def test_value_with_unit(value: str, unit: str | None, expected: str) -> None:
    assert value_with_unit(value, unit) == expected


@pytest.mark.parametrize("major", MAJORS)
def test_set_takes_every_value(make_database: Callable[..., str], major: int) -> None:
    url = make_database("", major)
    settings = collected(url).settings
    with psycopg.connect(url) as connection:
        changeable = {
            name: shown
            for name, shown in connection.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE context IN ('user', 'superuser')"
            ).fetchall()
            if name in settings
        }
        assert len(changeable) > 60
        for name, shown in changeable.items():
            connection.execute("SELECT set_config(%s, %s, true)", (name, settings[name]))
            assert connection.execute("SELECT current_setting(%s)", (name,)).fetchone() == (shown,), name


def test_settings_of_the_database_and_the_role_count(make_database: Callable[..., str]) -> None:
    url = make_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''77MB''', current_database()); END $$"
        )
        connection.execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$")
        connection.execute(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = shop, public', current_database()); END $$"
        )
        connection.execute("CREATE SCHEMA shop")
    snapshot = collected(url)
    assert snapshot.settings["work_mem"] == "78848kB"
    assert snapshot.settings["jit"] == "off"
    assert snapshot.search_path == ("shop", "public")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a + b)", "a + b"),
        ("((a + b))", "a + b"),
        ("(a) + (b)", "(a) + (b)"),
        ("lower(a)", "lower(a)"),
        ("(a || ')')", "a || ')'"),
        ("(a = '(')", "a = '('"),
        ("('it''s (' || a)", "'it''s (' || a"),
        ('("odd)name" + 1)', '"odd)name" + 1'),
        ("(a) AND (b)", "(a) AND (b)"),
        ("", ""),
    ],
)
def test_outer_parentheses(text: str, expected: str) -> None:
    assert without_outer_parentheses(text) == expected
