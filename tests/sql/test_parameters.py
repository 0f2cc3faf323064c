"""Texts made for parameters: every one is planned by a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.progress import NoProgress
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.sql.facts import statement_facts
from dbtune.sql.fingerprint import fingerprint, normalise
from dbtune.sql.parameters import GENERIC_WEIGHT, instances
from dbtune.sql.splitting import split_statements
from tests.sql.conftest import SCHEMA, Shop

STATEMENTS = list(split_statements((Path(__file__).parent / "statements.sql").read_text()))


@pytest.fixture(scope="module")
def connection(shop: Shop) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shop.url, autocommit=True) as opened:
        opened.execute("SET plan_cache_mode = force_generic_plan")
        yield opened


def made(text: str, snapshot: Snapshot, samples: tuple[str, ...] = ()) -> tuple[Instance, ...]:
    statement = Statement(fingerprint(text), text, samples=samples)
    found = instances(statement, statement_facts(samples[0] if samples else text, snapshot), snapshot)
    assert sum(instance.weight for instance in found) == pytest.approx(1.0)
    assert len({(instance.sql, instance.generic) for instance in found}) == len(found)
    return found


def plan(instance: Instance, connection: psycopg.Connection) -> None:
    """Raises the server's error where it does not plan the text."""
    if not instance.generic:
        connection.execute("EXPLAIN " + instance.sql)
        return
    count = max((int(number) for number in re.findall(r"\$(\d+)", instance.sql)), default=0)
    connection.execute("PREPARE each AS " + instance.sql)
    try:
        connection.execute("EXPLAIN EXECUTE each" + (f"({', '.join(['NULL'] * count)})" if count else ""))
    finally:
        connection.execute("DEALLOCATE each")


def texts(text: str, snapshot: Snapshot) -> list[str]:
    return [instance.sql for instance in made(text, snapshot) if not instance.generic]


@pytest.mark.parametrize("text", STATEMENTS)
def test_normalised_texts_can_be_planned(text: str, shop: Shop, connection: psycopg.Connection) -> None:
    found = made(normalise(text), shop.snapshot)
    for instance in found:
        plan(instance, connection)


def test_samples_are_planned_as_they_stand(shop: Shop) -> None:
    samples = tuple(f"SELECT id FROM orders WHERE customer_id = {number}" for number in range(9))
    found = made(normalise(samples[0]), shop.snapshot, samples)
    assert len(found) == 5
    assert {instance.sql for instance in found} <= set(samples)
    assert {instance.weight for instance in found} == {0.2}


def test_samples_with_parameters_get_values(shop: Shop, connection: psycopg.Connection) -> None:
    sample = "SELECT id FROM orders WHERE status = 'paid' AND customer_id = $1"
    found = made(normalise(sample), shop.snapshot, (sample,))
    assert all("'paid'" in instance.sql for instance in found)
    for instance in found:
        plan(instance, connection)


SPELLINGS = [
    "SELECT id FROM orders WHERE customer_id = ? AND payload ? 'size' AND status::text = ?",
    "SELECT id FROM orders WHERE customer_id = :customer AND status = :state::order_status -- what? :no",
    "SELECT id FROM orders WHERE customer_id = @customer AND note <> '@nobody ? :x %s $1'",
    "SELECT id FROM orders WHERE customer_id = %s AND total %% 2 = 1",
    "SELECT id FROM orders WHERE customer_id = %(customer)s OR id = %(customer)s",
    "SELECT tags[1:2] FROM orders WHERE customer_id = $1 OR ($2 IS NULL AND id = $2)",
]


@pytest.mark.parametrize("text", [text.replace("%%", "%") for text in SPELLINGS])
def test_every_spelling_of_a_parameter(text: str, shop: Shop, connection: psycopg.Connection) -> None:
    found = made(text, shop.snapshot)
    assert any(instance.generic for instance in found)
    for instance in found:
        plan(instance, connection)


def test_the_same_name_has_the_same_value(snapshot: Snapshot) -> None:
    for text in texts("SELECT id FROM orders WHERE customer_id = :c OR (:c IS NULL AND id = :c)", snapshot):
        values = re.findall(r"'(\d+)'", text)
        assert len(values) == 3
        assert len(set(values)) == 1


def test_common_values_weigh_as_often_as_they_are_met(snapshot: Snapshot) -> None:
    found = made("SELECT id FROM orders WHERE status = $1", snapshot)
    by_value = {instance.sql.rpartition("= ")[2]: instance.weight for instance in found if not instance.generic}
    assert by_value["'shipped'"] == pytest.approx(0.5 * (1 - GENERIC_WEIGHT), abs=0.05)
    assert len(by_value) == 2
    (generic,) = [instance for instance in found if instance.generic]
    assert generic.weight == GENERIC_WEIGHT
    assert generic.sql == "SELECT id FROM orders WHERE status = $1"


def test_a_unique_column_needs_one_value(snapshot: Snapshot) -> None:
    assert len(texts("SELECT note FROM orders WHERE id = $1", snapshot)) == 1


def test_bounds_of_a_window_are_ordered_and_of_three_widths(snapshot: Snapshot) -> None:
    found = texts("SELECT 1 FROM orders WHERE created_at BETWEEN $1 AND $2", snapshot)
    assert len(found) == 3
    for text in found:
        low, high = re.findall(r"'([^']+)'", text)
        assert low < high
    apart = texts("SELECT 1 FROM orders WHERE created_at >= $1 AND status = $3 AND created_at < $2", snapshot)
    assert all(re.findall(r"'(2024[^']+)'", text) == sorted(re.findall(r"'(2024[^']+)'", text)) for text in apart)


def test_an_open_range_asks_for_the_newest(snapshot: Snapshot) -> None:
    first, *_, last = texts("SELECT 1 FROM orders WHERE created_at > $1", snapshot)
    assert first > last


def test_limits_are_pages(snapshot: Snapshot) -> None:
    (text,) = texts("SELECT id FROM orders ORDER BY id LIMIT $1 OFFSET $2", snapshot)
    assert text == "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 0"


def test_members_of_lists_differ(snapshot: Snapshot) -> None:
    (text, *_) = texts("SELECT 1 FROM orders WHERE customer_id IN ($1, $2, $3) AND id = ANY ($4)", snapshot)
    assert len(set(re.findall(r"'(\d+)'", text))) == 3
    (folded,) = texts("SELECT 1 FROM orders WHERE customer_id IN ($1 /*, ... */)", snapshot)
    assert len(set(re.findall(r"'(\d+)'", folded))) == 5


def test_only_the_placeholders_change(snapshot: Snapshot) -> None:
    before, after = "SELECT  id /* ? */, 'a?b:c'  FROM orders\nWHERE customer_id =", " -- $2\n AND payload ? 'x'"
    for text in texts(f"{before}$1{after}", snapshot):
        assert text.startswith(before)
        assert text.endswith(after)


def test_a_statement_the_parser_does_not_know(snapshot: Snapshot) -> None:
    found = texts("SELECT id FROM orders WHERE note ?@> 'x' AND status = $1 AND id > $2 LIMIT $3", snapshot)
    assert re.search(r"status = '(shipped|new|paid|cancelled)' AND id > '\d+' LIMIT 20", found[0])


def test_without_statistics_the_type_gives_a_value(shop: Shop, database: str) -> None:
    url = database
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.read_text().partition("INSERT INTO")[0])
        connection.execute("SET plan_cache_mode = force_generic_plan")
        target = parse_target(url)
        assert isinstance(target, DatabaseUrl)
        snapshot = collect(target, CollectOptions(workload=False), NoProgress())
        assert all(column.statistics is None for table in snapshot.tables for column in table.columns)
        for text in STATEMENTS:
            for instance in made(normalise(text), snapshot):
                plan(instance, connection)


def test_what_pg_stat_statements_says_can_be_planned(shop: Shop, connection: psycopg.Connection) -> None:
    with psycopg.connect(shop.url, autocommit=True) as running:
        running.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        running.execute("SELECT pg_stat_statements_reset()")
        for text in STATEMENTS:
            running.execute("BEGIN")
            running.execute(text)
            running.execute("ROLLBACK")
        seen = [
            text
            for (text,) in running.execute(
                "SELECT query FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid"
                " WHERE datname = current_database()"
            )
        ]
    known = {fingerprint(text): text for text in seen}
    missing = [text for text in STATEMENTS if fingerprint(text) not in known]
    assert not missing, "the server's text has another fingerprint"
    failures: list[str] = []
    for text in STATEMENTS:
        for form in (known[fingerprint(text)], normalise(known[fingerprint(text)])):
            for instance in made(form, shop.snapshot):
                try:
                    plan(instance, connection)
                except psycopg.Error as error:
                    failures.append(f"{error}: {instance.sql}")
    assert not failures


def test_the_statements_search_path_goes_with_every_text(snapshot: Snapshot) -> None:
    statement = Statement("f", "SELECT 1 WHERE $1 = 2", search_path=("app", "public"))
    facts = statement_facts(statement.text, snapshot, statement.search_path)
    assert {each.search_path for each in instances(statement, facts, snapshot)} == {("app", "public")}
