"""CREATE STATISTICS and its name."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from dbtune.ddl.statistics import MOST_COLUMNS, create_statistics, drop_statistics, statistics_name
from dbtune.model.names import QualifiedName


def test_it_runs_there_and_back_whatever_the_names(make_database: Callable[..., str]) -> None:
    columns = ('A "b"', "select", "c")
    table = QualifiedName("S x", "My Orders")
    name = statistics_name(table, columns, ())
    with psycopg.connect(make_database(), autocommit=True) as connection:
        connection.execute('CREATE SCHEMA "S x"')
        connection.execute('CREATE TABLE "S x"."My Orders" ("A ""b""" int, "select" int, c int)')
        connection.execute(create_statistics(name, table, ("ndistinct", "dependencies", "mcv"), columns).encode())
        assert connection.execute("SELECT stxname FROM pg_statistic_ext").fetchall() == [(name.name,)]
        connection.execute(drop_statistics(name).encode())
        assert connection.execute("SELECT count(*) FROM pg_statistic_ext").fetchone() == (0,)


def test_names_are_short_the_same_in_every_run_and_free() -> None:
    table = QualifiedName("public", "orders")
    assert statistics_name(table, ("a", "b"), ()).name == "stats_orders_a_b"
    other = statistics_name(table, ("a", "b"), {"stats_orders_a_b"})
    assert other.name != "stats_orders_a_b" and other == statistics_name(table, ("a", "b"), {"stats_orders_a_b"})
    long = statistics_name(table, ("ä" * 40, "b" * 40), ())
    assert len(long.name.encode()) <= 63
    assert MOST_COLUMNS == 8
