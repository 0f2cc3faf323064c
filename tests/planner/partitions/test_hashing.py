"""The partition of a value is the one that the server puts it in."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column
from dbtune.planner.partitions.hashing import is_hashable, remainder_of

VALUES = {
    "int2": ["0", "-1", "32767", "-32768"],
    "int4": ["0", "1", "-1", "2147483647", "-2147483648", *map(str, range(50))],
    "int8": ["0", "-1", "4294967296", "-4294967297", "9223372036854775807", "-9223372036854775808"],
    "text": ["", "a", "it's", "äöü", *("abcdefghijklmnopqrstuvwxyz"[:n] for n in range(1, 27))],
    "varchar": ["", "one", "a longer one than twelve bytes"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
}


@pytest.mark.parametrize("major", [None, 15])
@pytest.mark.parametrize("name", VALUES)
def test_like_the_server(make_database: Callable[..., str], name: str, major: int | None) -> None:
    modulus = 7
    column = Column("k", name, 1, type_name=QualifiedName("pg_catalog", name))
    assert is_hashable(column)
    with psycopg.connect(make_database(major=major), autocommit=True) as connection:
        connection.execute(f"CREATE TABLE t (k {name}) PARTITION BY HASH (k)".encode())
        for remainder in range(modulus):
            bound = f"WITH (modulus {modulus}, remainder {remainder})"
            connection.execute(f"CREATE TABLE t{remainder} PARTITION OF t FOR VALUES {bound}".encode())
        for value in VALUES[name]:
            row = connection.execute(
                f"INSERT INTO t VALUES (%s::text::{name}) RETURNING tableoid::regclass::text".encode(), (value,)
            ).fetchone()
            assert row == (f"t{remainder_of(column, value, modulus)}",), value


def test_a_type_without_a_known_hash() -> None:
    numeric = QualifiedName("pg_catalog", "numeric")
    column = Column("k", "numeric", 1, type_name=numeric)
    assert not is_hashable(column) and remainder_of(column, "1.5", 7) is None
