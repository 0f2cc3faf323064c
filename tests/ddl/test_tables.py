"""CREATE TABLE and CREATE TYPE from the nouns, run on a real server and read back."""

from __future__ import annotations

import psycopg
import pytest

from dbtune.ddl.tables import add_constraint, create_sequence, create_table, create_view
from dbtune.ddl.types import create_type
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Constraint, Table
from dbtune.model.schema_objects import Sequence, UserType, View


def name(text: str) -> QualifiedName:
    return QualifiedName("public", text)


def column(text: str, type_: str = "integer", **details: object) -> Column:
    return Column(text, type_, 1, **details)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (create_table(Table(name("t"), ())), "CREATE TABLE public.t ()"),
        (
            create_table(
                Table(name("Select"), (column("order", not_null=True), column("b", "text", default="'x'::text")))
            ),
            'CREATE TABLE public."Select" ("order" integer NOT NULL, b text DEFAULT \'x\'::text)',
        ),
        (
            create_table(Table(name("t"), (column("a", default="f(b)"),)), with_expressions=False),
            "CREATE TABLE public.t (a integer)",
        ),
        (
            create_table(Table(name("t"), (column("a", default="b * 2", generated="stored"),))),
            "CREATE TABLE public.t (a integer GENERATED ALWAYS AS (b * 2) STORED)",
        ),
        (
            create_table(
                Table(
                    name("p"),
                    (column("a"),),
                    parents=(name("t"),),
                    partition_bound="FOR VALUES IN (1)",
                    partition_key="RANGE (b)",
                )
            ),
            "CREATE TABLE public.p PARTITION OF public.t FOR VALUES IN (1) PARTITION BY RANGE (b)",
        ),
        (
            create_table(
                Table(name("p"), (column("a"),), parents=(name("t"),), partition_bound="DEFAULT"), attached=False
            ),
            "CREATE TABLE public.p (a integer)",
        ),
        (
            create_table(
                Table(name("t"), (column("a"),), options=(("fillfactor", "70"), ("autovacuum_enabled", "off")))
            ),
            "CREATE TABLE public.t (a integer) WITH (fillfactor = 70)",
        ),
        (
            add_constraint(
                Table(name("t"), (), kind="partitioned"), Constraint("t_pkey", "primary key", ("a",), "PRIMARY KEY (a)")
            ),
            "ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (a)",
        ),
        (create_view(View(name("v"), " SELECT 1;\n", (column("One"),))), 'CREATE VIEW public.v ("One") AS  SELECT 1'),
    ],
)
def test_statement(made: str, expected: str) -> None:
    assert made == expected


def test_a_server_takes_all_of_it(database: str) -> None:
    statements = [
        create_type(UserType(name("mood"), "enum", labels=("sad", "it's \\ ok"))),
        create_type(UserType(name("Positive"), "domain", base_type="integer", not_null=True,
                             checks=("CHECK (VALUE > 0)", "VALUE < 100"))),
        create_type(UserType(name("pair"), "composite", attributes=(("a", "integer"), ("end", "public.mood")))),
        create_type(UserType(name("spans"), "range", base_type="double precision")),
        create_sequence(Sequence(name("numbers"), "integer")),
        create_table(Table(name("t"), (
            column("id", "bigint", identity="always", not_null=True),
            column("p", 'public."Positive"'),
            column("pair", "public.pair[]"),
            column("s", "public.spans"),
            column("c", "text", collation=QualifiedName("pg_catalog", "C"), default="'a%'::text"),
            column("twice", "integer", generated="stored", default="(p::integer * 2)"),
        ), options=(("fillfactor", "50"),))),
    ]  # fmt: skip
    with psycopg.connect(database, autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())
        labels = session.execute("SELECT enum_range(NULL::mood)::text[]").fetchall()
        with pytest.raises(psycopg.errors.CheckViolation):
            session.execute("INSERT INTO t (p) VALUES (100)")
        session.execute("INSERT INTO t (p) VALUES (99)")
        rows = session.execute("SELECT id, twice, c FROM t").fetchall()
    assert labels == [(["sad", "it's \\ ok"],)]
    assert rows == [(2, 198, "a%")]
