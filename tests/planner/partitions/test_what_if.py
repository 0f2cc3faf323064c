"""A table partitioned in the shadow against the same really partitioned: plans, costs, sizes, statistics."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
import pytest

from dbtune.ddl.partitions import partition_bound, partition_key
from dbtune.ddl.quoting import identifier, qualified
from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme, Width
from dbtune.model.plan import Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.partitions.axis import axis_of
from dbtune.planner.partitions.distribution import Distribution
from dbtune.planner.partitions.ranges import range_scheme
from dbtune.planner.partitions.what_if import partitioned
from dbtune.planner.plan_reader import read_plan
from dbtune.planner.shadow.shadow import ShadowPlanner
from tests.rules.case_files import snapshot_of

SALES = QualifiedName("public", "sales")

SCHEMA = """
CREATE TABLE shops (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO shops SELECT i, 'shop ' || i FROM generate_series(1, 50) i;
CREATE TABLE sales (
    id bigint PRIMARY KEY,
    shop int NOT NULL REFERENCES shops (id),
    state text NOT NULL,
    sold_on date NOT NULL,
    amount int NOT NULL,
    note text NOT NULL
);
INSERT INTO sales
SELECT i, 1 + abs(hashint4(i)) % 50, (ARRAY['new', 'paid', 'sent', 'sent', 'done'])[1 + abs(hashint4(-i)) % 5],
       date '2023-01-01' + abs(hashint4(i + 7000000)) % 720, abs(hashint4(i + 9000000)) % 1000, md5(i::text)
FROM generate_series(1, 80000) i;
CREATE INDEX sales_shop ON sales (shop);
ANALYZE;
"""

STATEMENTS = {
    "a month": "SELECT sum(amount) FROM sales WHERE sold_on >= '2023-05-01' AND sold_on < '2023-06-01'",
    "a day": "SELECT * FROM sales WHERE sold_on = '2024-02-03'",
    "a month of a shop": (
        "SELECT name, sum(amount) FROM sales JOIN shops ON shops.id = shop"
        " WHERE sold_on >= '2024-01-01' AND sold_on < '2024-02-01' AND shop = 7 GROUP BY name"
    ),
    "all": "SELECT state, count(*) FROM sales GROUP BY state",
    "a shop": "SELECT * FROM sales WHERE shop = 7",
    "one": "SELECT * FROM sales WHERE id = 4711",
    "a state": "SELECT sum(amount) FROM sales WHERE state = 'paid'",
}


def by_month(snapshot: Snapshot) -> PartitionScheme:
    table = snapshot.table(SALES)
    column = table.column("sold_on") if table is not None else None
    assert column is not None and column.statistics is not None
    axis = axis_of(column)
    assert axis is not None
    ends = Distribution.of(axis, column.statistics).ends
    assert ends is not None
    return range_scheme(SALES, "sold_on", axis, Width("month"), *ends)


def by_state(_: Snapshot) -> PartitionScheme:
    parts = [Part(f"sales_{value}", values=(value,)) for value in ("done", "new", "paid", "sent")]
    return PartitionScheme(SALES, "state", "list", (*parts, Part("sales_default", is_default=True)))


def by_hash(_: Snapshot) -> PartitionScheme:
    return PartitionScheme(SALES, "id", "hash", tuple(Part(f"sales_p{n}", remainder=n) for n in range(4)))


def by_hash_of_shop(_: Snapshot) -> PartitionScheme:
    """All values are common ones: each is in one partition, where it is four times as frequent."""
    return PartitionScheme(SALES, "shop", "hash", tuple(Part(f"sales_p{n}", remainder=n) for n in range(4)))


def convert(connection: psycopg.Connection, scheme: PartitionScheme) -> None:
    name = qualified(SALES)
    key = "id" if scheme.column == "id" else f"id, {scheme.column}"
    statements = [
        f"ALTER TABLE {name} RENAME TO before",
        f"CREATE TABLE {name} (LIKE before) PARTITION BY {partition_key(scheme)}",
        *(
            f"CREATE TABLE {identifier(part.name)} PARTITION OF {name} {partition_bound(scheme, part)}"
            for part in scheme.parts
        ),
        f"INSERT INTO {name} SELECT * FROM before ORDER BY id",
        f"ALTER TABLE {name} ADD PRIMARY KEY ({key}), ADD FOREIGN KEY (shop) REFERENCES shops (id)",
        "CREATE INDEX ON sales (shop)",
        "ANALYZE sales",
    ]
    for statement in statements:
        connection.execute(statement.encode())


def shape(plan: Plan) -> str:
    """Without names of indexes; the partitions of a parallel scan go by size, which is as good as by chance.

    So does whether a hundred rows are sorted or hashed for their groups.
    """
    nodes = [(node.type, str(node.relation), bool(node.index)) for node in plan.root.walk() if node.type != "Sort"]
    return re.sub(r"Parallel ", "", repr(sorted(nodes)))


@pytest.mark.parametrize("make", [by_month, by_state, by_hash, by_hash_of_shop])
def test_like_the_really_partitioned_table(
    make_database: Callable[..., str], make: Callable[[Snapshot], PartitionScheme]
) -> None:
    """The same partitions read the same way, costs within 5%."""
    url = make_database(SCHEMA)
    snapshot = snapshot_of(url)
    scheme = make(snapshot)
    with ShadowPlanner.open(snapshot, NoProgress()) as shadow:
        planner = shadow.changed(partitioned(snapshot, scheme))
        assert planner is not None
        try:
            assert not planner.limits
            planned = {title: planner.plan(Instance(sql)) for title, sql in STATEMENTS.items()}
        finally:
            planner.close()
    with psycopg.connect(url, autocommit=True) as connection:
        convert(connection, scheme)
        for title, sql in STATEMENTS.items():
            row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql}".encode()).fetchone()
            assert row is not None
            built = read_plan(row[0])
            assert planned[title].cost == pytest.approx(built.cost, rel=0.05, abs=3), title
            assert shape(planned[title]) == shape(built), title


def test_the_shadow_itself_stays_as_it_is(make_database: Callable[..., str]) -> None:
    snapshot = snapshot_of(make_database(SCHEMA))
    index = Index("sales_amount", SALES, (IndexKey("amount"),))
    sql = Instance("SELECT * FROM sales WHERE amount = 5 AND sold_on >= '2023-05-01' AND sold_on < '2023-06-01'")
    with ShadowPlanner.open(snapshot, NoProgress()) as shadow:
        before = shadow.plan(sql)
        planner = shadow.changed(partitioned(snapshot, by_month(snapshot)))
        assert planner is not None
        without, with_index = planner.plan(sql), planner.plan(sql, Configuration(frozenset({index})))
        assert with_index.cost < without.cost < before.cost
        assert "sales_amount" in with_index.indexes, "a what-if index of the whole goes by its own name"
        with pytest.raises(PlanFailed, match="ON CONFLICT"):
            planner.plan(Instance("INSERT INTO sales VALUES (1, 1, '', now(), 1, '') ON CONFLICT (id) DO NOTHING"))
        planner.close()
        assert shadow.plan(sql) == before


def test_only_an_ordinary_table_is_partitioned(make_database: Callable[..., str]) -> None:
    snapshot = snapshot_of(make_database(SCHEMA))
    scheme = by_month(snapshot)
    with pytest.raises(ValueError, match="not an ordinary table"):
        partitioned(partitioned(snapshot, scheme), scheme)
