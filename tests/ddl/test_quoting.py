"""Names and values, as the server itself reads them back."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbtune.ddl.quoting import KEYWORDS, identifier, literal, qualified
from dbtune.embedded import EmbeddedServer
from dbtune.model.names import QualifiedName

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("orders", "orders"),
        ("Order", '"Order"'),
        ("order", '"order"'),
        ('a"b', '"a""b"'),
        ("1st", '"1st"'),
        ("größe", '"größe"'),
        ("two words", '"two words"'),
        ("a1_b", "a1_b"),
    ],
)
def test_identifier(name: str, sql: str) -> None:
    assert identifier(name) == sql


def test_qualified() -> None:
    assert qualified(QualifiedName("Sales", "user")) == '"Sales"."user"'


def test_every_word_that_the_server_quotes_is_known(postgres: EmbeddedServer) -> None:
    with psycopg.connect(postgres.url) as connection:
        rows = connection.execute("SELECT word FROM pg_get_keywords() WHERE catcode <> 'U'").fetchall()
    assert {str(row[0]) for row in rows} <= KEYWORDS


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
def test_the_server_reads_a_name_back(postgres_connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    row = postgres_connection.execute(f"SELECT 1 AS {identifier(name)}".encode()).description
    assert row is not None
    expected = name.encode()[:63].decode(errors="ignore")
    assert row[0].name == expected


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=40))
def test_the_server_reads_a_value_back(postgres_connection: psycopg.Connection[tuple[object, ...]], text: str) -> None:
    for setting in ("on", "off"):
        postgres_connection.execute(f"SET standard_conforming_strings = {setting}".encode())
        row = postgres_connection.execute(f"SELECT {literal(text)}".encode()).fetchone()
        assert row == (text,)


@pytest.fixture(scope="module")
def postgres_connection(postgres: EmbeddedServer) -> psycopg.Connection[tuple[object, ...]]:
    connection = psycopg.connect(postgres.url, autocommit=True)
    connection.execute("SET escape_string_warning = off")
    return connection
