"""What the shadow's server cannot have becomes a Limit, and the rest of the run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.errors import PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Constraint, Index, IndexFacts, IndexKey, Table
from dbtune.model.schema_objects import Collation, Extension, Function, UserType, View
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.shadow.shadow import ShadowPlanner

INT = {"type": "integer", "type_name": QualifiedName("pg_catalog", "int4"), "type_category": "N", "length": 4}
TEXT = {"type": "text", "type_name": QualifiedName("pg_catalog", "text"), "type_category": "S"}


def name(text: str) -> QualifiedName:
    return QualifiedName("public", text)


def btree(text: str, table: str, column: str, definition: str = "") -> Index:
    facts = IndexFacts(definition or f"CREATE INDEX {text} ON public.{table} ({column})", 30, 1000.0, 30 * 8192)
    return Index(text, name(table), (IndexKey(column),), facts=facts)


SNAPSHOT = Snapshot(
    server=Server("postgres", "18.1", 180001, "shop", collation="xx_YY.UTF-8", character_type="xx_YY.UTF-8"),
    collected_at="2024-01-01T00:00:00+00:00",
    dbtune="0",
    settings={"work_mem": "8192", "no_such_setting": "1", "random_page_cost": "1.5", "enable_seqscan": "perhaps"},
    schemas=("public", "gis"),
    extensions=(Extension("postgis_of_nowhere", "gis", "3.4"), Extension("plpgsql", "pg_catalog", "1.0")),
    collations=(Collation(name("german"), "i", False, "de-u-ks-level2"),),
    types=(
        UserType(name("mood"), "enum", labels=("sad", "it's ok", "happy")),
        UserType(name("later"), "domain", base_type="public.mood"),
        UserType(name("broken"), "domain", base_type="gis.unheard_of"),
    ),
    functions=(
        Function(name("in_c"), "a integer", "integer", language="c", strict=True, volatility="immutable",
                 definition="CREATE FUNCTION public.in_c(a integer) RETURNS integer LANGUAGE c AS 'nowhere.so', 'f'"),
        Function(name("many"), "a integer", "SETOF integer", returns_set=True, rows=7.0, definition=None),
        Function(name("on_insert"), "", "trigger", definition="nonsense"),
    ),
    tables=(
        Table(
            name("places"),
            (
                Column("id", position=1, not_null=True, default="nextval('public.gone'::regclass)", **INT),
                Column("at", "gis.geometry(Point,4326)", 2, type_name=QualifiedName("gis", "geometry"), length=-1,
                       statistics=ColumnStatistics(0.1, 32, -1.0, histogram_bounds=("0101", "0102", "0103"))),
                Column("mood", "public.mood", 3, type_name=name("mood"), type_category="E", length=4,
                       statistics=ColumnStatistics(0.0, 4, 3.0, ("happy", "gone"), (0.5, 0.2))),
                Column("name", position=4, collation=name("german"), **TEXT),
                Column("code", position=5, collation=QualifiedName("pg_catalog", "xx_YY"), **TEXT),
                Column("doubled", position=6, generated="stored", default="gis.f(id)", **INT),
            ),
            constraints=(
                Constraint("places_pkey", "primary key", ("id",), "PRIMARY KEY (id)", index="places_pkey"),
                Constraint("positive", "check", ("id",), "CHECK (gis.f(id) > 0)"),
                Constraint("nowhere", "foreign key", ("id",), "FOREIGN KEY (id) REFERENCES public.gone(id)"),
            ),
            indexes=(
                replace(btree("places_pkey", "places", "id"), unique=True, primary=True,
                        facts=IndexFacts("CREATE UNIQUE INDEX places_pkey ON public.places (id)", 30, 10000.0,
                                         30 * 8192, constraint="places_pkey")),
                btree("places_name", "places", "name"),
                btree("places_at", "places", "at", "CREATE INDEX places_at ON public.places USING gist (at)"),
                btree("places_c", "places", "id", "CREATE INDEX places_c ON public.places (public.in_c(id))"),
            ),
            tuples=10000.0, pages=200, file_pages=400,
        ),
        Table(name("orphan"), (Column("id", position=1, **INT),), partition_bound="FOR VALUES IN (1)",
              parents=(name("not_collected"),), tuples=50.0, pages=1, file_pages=1),
        Table(name("remote"), (Column("id", position=1, **INT),), kind="foreign table", tuples=50.0),
        Table(name("scratch"), (Column("id", position=1, **INT),), persistence="temporary"),
        Table(name("no columns"), (), tuples=0.0),
    ),
    views=(
        View(name("a_first"), "SELECT id FROM public.z_last", (Column("id", position=1, **INT),)),
        View(name("z_last"), "SELECT id FROM public.places;", (Column("id", position=1, **INT),)),
        View(name("lost"), "SELECT id FROM gis.elsewhere", (Column("id", position=1, **INT),)),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def planner() -> object:
    with ShadowPlanner.open(SNAPSHOT) as planner:
        yield planner


def test_each_thing_missing_is_a_limit(planner: ShadowPlanner) -> None:
    said = {limit.what: limit.why for limit in planner.limits}
    expected = {
        "collation xx_YY.UTF-8": "lacks it",
        "extension postgis_of_nowhere": "does not have it",
        "collation german": "stands in",
        "collation pg_catalog.xx_YY": "stands in",
        "type gis.geometry": "stands in",
        "type broken": "not in the shadow",
        "function in_c(a integer)": "signature only",
        "table places": "without defaults",
        "constraint positive of places": "not in the shadow",
        "constraint nowhere of places": "not in the shadow",
        "index places_at": "not in the shadow",
        "table orphan": "outside its parent",
        "view lost": "not in the shadow",
        "statistics of places.mood": "common values and histogram are missing",
        "foreign tables remote": "local tables",
        "setting enable_seqscan = perhaps": "not in the shadow",
    }
    assert set(expected) <= set(said)
    for what, why in expected.items():
        assert why in said[what]
    assert set(said) - set(expected) == set()


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        ("SELECT * FROM places WHERE id = 7", "places_pkey"),
        ("SELECT * FROM places WHERE name = 'x'", "places_name"),
        ("SELECT * FROM places WHERE in_c(id) = 5", "places_c"),
        ("SELECT * FROM a_first WHERE id = 3", "places_pkey"),
    ],
)
def test_the_rest_is_planned(planner: ShadowPlanner, sql: str, index: str) -> None:
    assert planner.plan(Instance(sql)).indexes == {index}


def test_rows_and_settings_are_productions(planner: ShadowPlanner) -> None:
    assert planner.plan(Instance("SELECT * FROM places")).root.rows == 20000
    assert planner.plan(Instance("SELECT * FROM places, many(1)")).root.rows == 140000
    session = planner._host.connection
    assert session.execute(b"SELECT current_setting('random_page_cost')").fetchall() == [("1.5",)]
    assert session.execute(b"SELECT current_setting('work_mem')").fetchall() == [("8MB",)]


def test_what_is_not_there_cannot_be_planned(planner: ShadowPlanner) -> None:
    for sql in ("SELECT st_area(at) FROM places", "SELECT * FROM lost", "SELECT * FROM scratch"):
        with pytest.raises(PlanFailed, match="does not exist"):
            planner.plan(Instance(sql))


def test_an_empty_snapshot_has_an_empty_shadow() -> None:
    empty = Snapshot(SNAPSHOT.server, SNAPSHOT.collected_at, "0")
    with ShadowPlanner.open(replace(empty, server=replace(empty.server, collation="C", character_type="C"))) as shadow:
        assert shadow.limits == ()
        assert shadow.plan(Instance("SELECT 1")).cost == 0.01


def test_another_dialect_is_refused() -> None:
    with pytest.raises(PlannerUnavailable, match="mysql"):
        ShadowPlanner.open(replace(SNAPSHOT, server=replace(SNAPSHOT.server, dialect="mysql")))


def test_histograms_follow_the_locale_that_stands_in() -> None:
    words = tuple(sorted((f"{'aB'[i % 2]}{i:03}" for i in range(100)), key=str.lower))
    column = Column("word", position=1, statistics=ColumnStatistics(0.0, 5, -1.0, histogram_bounds=words), **TEXT)
    table = Table(name("words"), (column,), tuples=10000.0, pages=100, file_pages=100)
    with ShadowPlanner.open(replace(SNAPSHOT, tables=(table,), views=(), functions=(), types=())) as shadow:
        # upper case comes before lower case in the order of bytes: half of the words are less than 'a'
        plan = shadow.plan(Instance("SELECT * FROM words WHERE word < 'a'"))
    assert plan.root.rows == pytest.approx(5000, rel=0.1)
