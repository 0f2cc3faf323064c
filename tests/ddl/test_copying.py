"""A table with all that can hang on one goes into lists and hashes under writers, and is taken back, phase by phase."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import psycopg
import pytest

from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.copying import all_copied_phases
from dbtune.ddl.mirroring import can_copy
from dbtune.ddl.partitions import part_name
from dbtune.ddl.quoting import literal, qualified
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.recommendation import Phase
from tests.ddl.converting import ORDERS, check, described, orders_database, orders_plan, run, writing
from tests.rules.case_files import snapshot_of

HASHED = tuple(Part(f"orders_p{n}", remainder=n) for n in range(8))
LISTED = (*(Part(f"orders_p{n}", values=(str(n),)) for n in (1, 2, 17)), Part("orders_default", is_default=True))
SCHEMES = {
    "hash": PartitionScheme(ORDERS, "customer_id", "hash", HASHED),
    "list": PartitionScheme(ORDERS, "customer_id", "list", LISTED),
}


@pytest.fixture(params=[None, 15], ids=["newest", "15"])
def database(make_database: Callable[..., str], request: pytest.FixtureRequest) -> str:
    """Its unique keys hold the partition column, or there would be no way."""
    return orders_database(make_database, request.param, unique_with="customer_id")


@pytest.fixture(params=["hash", "list"])
def scheme(request: pytest.FixtureRequest) -> PartitionScheme:
    return SCHEMES[request.param]


def phases_of(plan: Conversion) -> tuple[Phase, ...]:
    assert can_copy(plan)
    return all_copied_phases(plan)


def test_each_phase_is_undone_under_writers(database: str, scheme: PartitionScheme) -> None:
    phases = [phase for phase in phases_of(orders_plan(database, scheme)) if not phase.final]
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection, writing(database) as writers:
        for last in range(1, len(phases) + 1):
            for phase in phases[:last]:
                run(connection, phase, phase.up)
            for phase in reversed(phases[:last]):
                run(connection, phase, phase.down)
            assert described(database) == before, f"after {phases[last - 1].name} and back"
    check(database, writers, 22000)


def test_the_exchange_is_undone_and_made_again(database: str, scheme: PartitionScheme) -> None:
    """The copy is kept up to date on either side, so that nothing has to be copied twice."""
    plan = orders_plan(database, scheme)
    prepare, copy, switch, *_ = phases_of(plan)
    with psycopg.connect(database, autocommit=True) as connection, writing(database) as writers:
        run(connection, prepare, prepare.up)
        run(connection, copy, copy.up)
        for _ in range(3):
            run(connection, switch, switch.up)
            run(connection, switch, switch.down)
        run(connection, switch, switch.up)
    check(database, writers, 22000)
    with psycopg.connect(database) as connection:
        different = connection.execute(
            "SELECT count(*) FROM (SELECT id, note, customer_id FROM orders EXCEPT ALL"
            " SELECT id, note, customer_id FROM orders_history) AS lacking"
        ).fetchone()
        assert different == (0,)


def test_the_whole_way_under_writers(database: str, scheme: PartitionScheme) -> None:
    before = described(database)
    with psycopg.connect(database, autocommit=True) as connection, writing(database) as writers:
        for phase in phases_of(orders_plan(database, scheme)):
            run(connection, phase, phase.up)
    check(database, writers, 22000)
    after = described(database)
    for same in ("columns", "policies", "functions", "sequences", "view", "triggers"):
        assert after[same] == before[same], same
    assert _names(after["constraints"]) == _names(before["constraints"])
    assert _names(after["indexes"]) == _names(before["indexes"])
    with psycopg.connect(database) as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relname ~ 'history|split|mirror|_new|_former'"
            " AND relnamespace = 'public'::regnamespace AND NOT relispartition"
        ).fetchall()
        assert left == []
        parts = connection.execute(
            "SELECT c.relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " WHERE inhparent = 'orders'::regclass ORDER BY 1"
        ).fetchall()
        assert [name for (name,) in parts] == sorted(part.name for part in scheme.parts)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("INSERT INTO orders (customer_id, created_at, total) VALUES (9999, '2025-05-01', 1)")


def _names(described_rows: object) -> list[str]:
    assert isinstance(described_rows, list)
    return sorted(str(row).split(",")[0] for row in described_rows)


ODD = QualifiedName("public", 'The list\'s 100% "odd" name, which is as long as a name may be')


@pytest.mark.parametrize("values", [("it's", 'a "b"'), ("100%", "{\\}")])
def test_odd_names_and_values(make_database: Callable[..., str], values: Sequence[str]) -> None:
    url = make_database(
        'CREATE TABLE "The list\'s 100% ""odd"" name, which is as long as a name may be"'
        ' ("I d" int, "st\'ate" text NOT NULL, PRIMARY KEY ("I d"), UNIQUE ("st\'ate", "I d"))'
    )
    with psycopg.connect(url, autocommit=True) as connection:
        for number, value in enumerate((*values, "other"), 1):
            connection.execute(f"INSERT INTO {qualified(ODD)} VALUES ({number}, {literal(value)})".encode())
    snapshot = snapshot_of(url)
    table = snapshot.table(ODD)
    assert table is not None and table.attachments is not None
    parts = [Part(part_name(ODD.name, f"p{n}"), values=(value,)) for n, value in enumerate(values)]
    default = Part(part_name(ODD.name, "default"), is_default=True)
    scheme = PartitionScheme(ODD, "st'ate", "list", (*parts, default))
    plan = Conversion(table, scheme, "", table.attachments, major=snapshot.server.major)
    phases = phases_of(plan)
    with psycopg.connect(url, autocommit=True) as connection:
        for phase in phases[:-1]:
            run(connection, phase, phase.up)
        for phase in reversed(phases[:-1]):
            run(connection, phase, phase.down)
        for phase in phases:
            run(connection, phase, phase.up)
        for part in scheme.parts:
            own = qualified(QualifiedName("public", part.name))
            assert connection.execute(f"SELECT count(*) FROM {own}".encode()).fetchone() == (1,), part
