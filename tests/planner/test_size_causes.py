"""One case for each thing that once made a predicted size wrong, against the index really built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.index_size import index_pages, upper_bytes
from tests.conftest import Servers

CLOSE = [
    # references that follow a power law
    "purchases (customer_id)",
    "purchases (customer_id, state)",
    "purchases (customer_id) WHERE state = 'open'",
    "purchases (customer_id) WHERE state IN ('open', 'lost')",
    "purchases (customer_id) WHERE shipped_on IS NULL",
    "purchases (shipped_on) INCLUDE (state)",
    # what a parent without a table brings to each of its lines
    "sales_lines (day, customer_id)",
    "sales_lines (customer_id, day)",
    "sales_lines (receipt_number, day)",
    "sales_lines (day, customer_id, item_id)",
    # two and three columns of a row compared
    "appointments (id) WHERE asked_on < meant_for AND meant_for < held_on",
    "appointments (id) WHERE asked_on < meant_for AND asked_on < held_on",
    "appointments (id) WHERE price < paid",
    "appointments (id) WHERE price > paid AND price >= 500",
    # widths of many layouts, of a mean that ANALYZE has cut
    "people (name) INCLUDE (address, country_id, id)",
    "people (country_id) INCLUDE (address, name)",
    # expressions
    "people ((substring(phone FROM 1 FOR 2)))",
    "people (id, (substring(phone FROM 1 FOR 2)))",
    "people ((born_at::date))",
    "people ((date_trunc('month', born_at)))",
    "people ((extract(year FROM born_at)))",
    "people ((lower(name::text)))",
]
ROUGH = [
    # days of the same years: whether the one is taken to follow the other hangs on the sample that ANALYZE drew
    "appointments (id) WHERE asked_on < meant_for",
    "appointments (id) WHERE meant_for >= asked_on",
    "documents USING gin (body jsonb_path_ops)",
    "documents USING gin (body)",
    "documents USING gin (tags)",
    "documents USING gin (words)",
]
MEMBER = "documents ((body ->> 'owner'))"
UNCERTAIN = [
    "parcels (id) WHERE sent_on < arrived_on",
    "parcels (id) WHERE arrived_on < sent_on",
    "parcels (sent_on) WHERE sent_on < arrived_on AND sent_on >= '2025-01-01'::date",
    "appointments (id) WHERE held_on IS NULL AND meant_for < asked_on",
]
WITHIN = 0.1
ROUGHLY_WITHIN = 0.3
FAR = 1.0
"""A member of documents is estimated from a hundred of them; without looking into them it was off by a factor of 3."""


@dataclass(frozen=True)
class Sizes:
    before: Snapshot
    built: dict[str, Index]

    def of(self, definition: str) -> tuple[Index, Table, int]:
        """The index as one that is not built, its table, and its bytes once built."""
        index = self.built[definition]
        table = self.before.table(index.table)
        assert table is not None and index.facts is not None
        return replace(index, facts=None), table, index.facts.bytes


@pytest.fixture(scope="module")
def sizes(servers: Servers) -> Iterator[Sizes]:
    text = servers.get().create_database("causes")
    url = parse_target(text)
    assert isinstance(url, DatabaseUrl)
    options = CollectOptions(workload=False)
    definitions = [*CLOSE, *ROUGH, MEMBER, *UNCERTAIN]
    with psycopg.connect(text, autocommit=True) as connection:
        connection.execute((Path(__file__).parent / "causes.sql").read_bytes())
        connection.execute("VACUUM ANALYZE")
        before = collect(url, options, NoProgress())
        for number, definition in enumerate(definitions):
            connection.execute(f"CREATE INDEX cause_{number} ON {definition}".encode())
        after = collect(url, options, NoProgress())
    by_name = {index.name: index for index in after.indexes}
    yield Sizes(before, {text: by_name[f"cause_{number}"] for number, text in enumerate(definitions)})


@pytest.mark.parametrize("definition", CLOSE)
def test_predicted_closely(sizes: Sizes, definition: str) -> None:
    index, table, built = sizes.of(definition)
    assert index_pages(index, table, sizes.before).bytes == pytest.approx(built, rel=WITHIN, abs=2 * 8192)


@pytest.mark.parametrize("definition", ROUGH)
def test_what_is_inside_values_is_predicted_roughly_and_budgeted_from_above(sizes: Sizes, definition: str) -> None:
    index, table, built = sizes.of(definition)
    assert index_pages(index, table, sizes.before).bytes == pytest.approx(built, rel=ROUGHLY_WITHIN)
    assert upper_bytes(index, table, sizes.before) >= built


def test_a_member_of_documents_is_looked_for_in_those_that_analyze_kept(sizes: Sizes) -> None:
    index, table, built = sizes.of(MEMBER)
    assert index_pages(index, table, sizes.before).bytes == pytest.approx(built, rel=FAR)


@pytest.mark.parametrize("definition", UNCERTAIN)
def test_a_share_that_is_not_known_has_room_in_the_budget(sizes: Sizes, definition: str) -> None:
    index, table, built = sizes.of(definition)
    upper = upper_bytes(index, table, sizes.before)
    whole = index_pages(replace(index, predicate=None), table, sizes.before).bytes
    assert index_pages(index, table, sizes.before).bytes <= upper
    assert built * 0.99 <= upper <= whole


def test_a_well_known_size_has_no_margin(sizes: Sizes) -> None:
    for definition in ("purchases (customer_id)", "people (name) INCLUDE (address, country_id, id)"):
        index, table, _ = sizes.of(definition)
        assert upper_bytes(index, table, sizes.before) == index_pages(index, table, sizes.before).bytes


def test_the_margin_of_a_sampled_share_is_small(sizes: Sizes) -> None:
    index, table, built = sizes.of("purchases (customer_id) WHERE state = 'open'")
    upper = upper_bytes(index, table, sizes.before)
    assert built <= upper < built * 1.1


def test_what_is_only_guessed_of_parents_is_not_in_the_upper_estimate(sizes: Sizes) -> None:
    index, table, built = sizes.of("sales_lines (day, customer_id)")
    assert upper_bytes(index, table, sizes.before) > 1.5 * built
