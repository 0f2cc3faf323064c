"""Kinds of candidates that depend on more than the statement: extensions, locales, sizes, states, other statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from dbtune.candidates.covering import MAXIMUM_INCLUDED
from dbtune.candidates.generate import MAXIMUM_OF_A_KIND, generate
from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.names import QualifiedName
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.planner.gate import PlannedStatement
from dbtune.sql.facts import statement_facts
from tests.candidates.test_generate import words

SCHEMA = """
CREATE EXTENSION pg_trgm;
CREATE TABLE "Tickets" (
    id bigint PRIMARY KEY, "Owner" int NOT NULL, title text, body text, search tsvector, urgent boolean NOT NULL,
    closed_at timestamptz, made_at timestamptz NOT NULL, settings jsonb, place point, kind text
);
INSERT INTO "Tickets"
SELECT i, i % 900, 'Ticket ' || md5(i::text), repeat(md5(i::text), 30), to_tsvector('simple', md5(i::text)), i % 40 = 0,
       CASE WHEN i % 25 <> 0 THEN now() END, timestamptz '2024-01-01' + i * interval '1 minute',
       jsonb_build_object('plan', i % 30), point(i, i), (ARRAY['a', 'a', 'b', 'c'])[1 + i % 4]
FROM generate_series(1, 20000) i;
CREATE MATERIALIZED VIEW owners AS
SELECT "Owner" AS owner, count(*) AS tickets FROM "Tickets", generate_series(1, 9) GROUP BY 1, id;
CREATE VIEW seen AS SELECT * FROM "Tickets";
VACUUM ANALYZE;
"""
TICKETS = QualifiedName("public", "Tickets")


@pytest.fixture(scope="module")
def snapshot(make_module_database: Callable[[str], str]) -> Snapshot:
    url = parse_target(make_module_database(SCHEMA))
    assert isinstance(url, DatabaseUrl)
    return collect(url, CollectOptions(workload=False), NoProgress())


def planned(snapshot: Snapshot, sql: str, fingerprint: str = "f") -> PlannedStatement:
    return PlannedStatement(Statement(fingerprint, sql), statement_facts(sql, snapshot), (Instance(sql),))


def found(snapshot: Snapshot, sql: str) -> list[str]:
    return [words(candidate.index) for candidate in generate(snapshot, [planned(snapshot, sql)])]


def with_table(snapshot: Snapshot, change: Callable[[Table], Table]) -> Snapshot:
    return replace(snapshot, tables=tuple(change(t) if t.name == TICKETS else t for t in snapshot.tables))


def test_trigrams_where_the_extension_is(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE title ILIKE '%abc%'"""
    assert found(snapshot, sql) == ["Tickets gin (title public.gin_trgm_ops)"]
    assert found(replace(snapshot, extensions=()), sql) == []


def test_a_prefix_needs_byte_order(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE title LIKE 'Ticket ab%'"""
    assert "Tickets btree (title)" in found(snapshot, sql)
    german = replace(snapshot, server=replace(snapshot.server, collation="de_DE.UTF-8"))
    assert "Tickets btree (title pg_catalog.text_pattern_ops)" in found(german, sql)
    assert "Tickets btree (title)" not in found(german, sql)


def test_full_text(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE search @@ to_tsquery('simple', 'abc')"""
    assert found(snapshot, sql) == ["Tickets gin (search)"]


def test_a_value_in_json(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE settings ->> 'plan' = '7'"""
    assert any(w.startswith("Tickets btree ((") and "->>" in w for w in found(snapshot, sql))


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [("urgent", "urgent"), ("closed_at IS NULL", "closed_at IS NULL"), ("urgent = true", "urgent = true")],
)
def test_a_rare_state_makes_a_partial_index(snapshot: Snapshot, condition: str, predicate: str) -> None:
    sql = f'SELECT id FROM "Tickets" WHERE {condition} ORDER BY made_at LIMIT 20'
    assert f"Tickets btree (made_at) WHERE {predicate}" in found(snapshot, sql)


@pytest.mark.parametrize(
    "condition", ["NOT urgent", "closed_at IS NOT NULL", "kind = 'a'", '"Owner" = 7', "urgent = $1"]
)
def test_what_is_not_rare_makes_none(snapshot: Snapshot, condition: str) -> None:
    sql = f'SELECT id FROM "Tickets" WHERE {condition} ORDER BY made_at LIMIT 20'
    assert not any(" WHERE " in w for w in found(snapshot, sql))


def test_brin_on_large_tables_in_order(snapshot: Snapshot) -> None:
    sql = """SELECT count(*) FROM "Tickets" WHERE made_at > '2024-01-10'"""
    assert "Tickets brin (made_at)" not in found(snapshot, sql)
    large = with_table(snapshot, lambda t: replace(t, pages=50_000, file_pages=50_000, tuples=4e6))
    assert "Tickets brin (made_at)" in found(large, sql)
    shuffled = with_table(
        large,
        lambda t: replace(
            t,
            columns=tuple(
                replace(c, statistics=replace(c.statistics, correlation=0.2)) if c.statistics else c for c in t.columns
            ),
        ),
    )
    assert "Tickets brin (made_at)" not in found(shuffled, sql)


def test_grouping(snapshot: Snapshot) -> None:
    assert "Tickets btree (Owner)" in found(snapshot, 'SELECT "Owner", count(*) FROM "Tickets" GROUP BY "Owner"')


def test_types_without_order_and_wide_columns_are_no_keys(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE place ~= point(1, 1) AND body = 'x' AND settings = '{}'"""
    assert not any(w.startswith("Tickets btree") for w in found(snapshot, sql))


def test_covering_only_where_the_map_says_visible_and_few_columns_are_read(snapshot: Snapshot) -> None:
    sql = """SELECT kind FROM "Tickets" WHERE "Owner" = 7"""
    assert "Tickets btree (Owner) INCLUDE (kind)" in found(snapshot, sql)
    changing = with_table(snapshot, lambda t: replace(t, all_visible_pages=0))
    assert not any("INCLUDE" in w for w in found(changing, sql))
    assert not any("INCLUDE" in w for w in found(snapshot, """SELECT * FROM "Tickets" WHERE "Owner" = 7"""))
    assert not any("INCLUDE" in w for w in found(snapshot, """SELECT body FROM "Tickets" WHERE "Owner" = 7"""))
    assert MAXIMUM_INCLUDED < 10


def test_what_can_have_no_index_gets_none(snapshot: Snapshot) -> None:
    sql = """SELECT id FROM "Tickets" WHERE "Owner" = 7"""
    assert found(with_table(snapshot, lambda t: replace(t, kind="foreign table")), sql) == []
    assert found(with_table(snapshot, lambda t: replace(t, persistence="temporary")), sql) == []
    assert found(with_table(snapshot, lambda t: replace(t, tuples=500.0)), sql) == []
    assert found(with_table(snapshot, lambda t: replace(t, pages=5, file_pages=5, tuples=1e5)), sql) == []


def test_materialised_views_and_tables_behind_views(snapshot: Snapshot) -> None:
    assert "owners btree (owner)" in found(snapshot, "SELECT * FROM owners WHERE owner = 5")
    assert "Tickets btree (Owner)" in found(snapshot, """SELECT id FROM seen WHERE "Owner" = 5""")


def test_one_candidate_for_two_statements(snapshot: Snapshot) -> None:
    first = planned(snapshot, 'SELECT * FROM "Tickets" WHERE "Owner" = 7', "one")
    second = planned(snapshot, 'DELETE FROM "Tickets" WHERE "Owner" = 7', "two")
    (candidate,) = generate(snapshot, [first, second])
    assert candidate.fingerprints == {"one", "two"}
    assert candidate.index.name == "idx_Tickets_Owner"


def test_a_limit_leaves_no_table_out(snapshot: Snapshot) -> None:
    tickets = ", ".join(f'"Tickets" t{n}' for n in range(12))
    columns = ("made_at", "title", "kind", "closed_at", '"Owner"')
    where = " AND ".join(f"t{n}.{c} = t{n + 1}.{c}" for n in range(11) for c in columns)
    sql = f'SELECT 1 FROM {tickets}, owners WHERE {where} AND owners.owner = t0."Owner" AND owners.tickets = 3'
    indexes: list[Index] = [c.index for c in generate(snapshot, [planned(snapshot, sql)])]
    assert sum(i.method == "btree" and not i.include and i.predicate is None for i in indexes) <= MAXIMUM_OF_A_KIND
    assert {i.table.name for i in indexes} == {"Tickets", "owners"}
