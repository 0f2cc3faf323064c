"""Multi-valued what-if indexes on a scratch server with a part of the rows, against ones that were really built."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_alter import build_index, drop_index
from dbtune.ddl.mysql_multi_valued import MultiValued, json_array
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration, Plan
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.workload import Instance
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.relations import relations
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

DATABASE = "members"
NOTES = QualifiedName(DATABASE, "notes")
ROWS, SAMPLED = 10_000, 2_000
DIGITS = " UNION ".join(f"SELECT {n} AS n" for n in range(10))
# most arrays hold a member twice; some are empty, and some rows have none
SCHEMA = f"""
CREATE TABLE digits AS {DIGITS};
CREATE TABLE notes (id int NOT NULL PRIMARY KEY, owner int NOT NULL, doc json, text varchar(300) NOT NULL)
  STATS_SAMPLE_PAGES = 5000;
INSERT INTO notes SELECT n, n % 20, CASE WHEN n % 50 = 0 THEN '{{"ids": [], "tags": []}}' WHEN n % 70 = 1 THEN NULL ELSE
    JSON_OBJECT('ids', JSON_ARRAY(n % 40, 1000 + n * 7 % 100, n % 40), 'tags', JSON_ARRAY(CONCAT('tag', n % 30))) END,
  REPEAT('x', 250) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
ANALYZE TABLE notes;
"""
IDS = MultiValued(json_array("doc", "$.ids"), "unsigned").key
TAGS = MultiValued(json_array("doc", "$.tags"), "char(255)").key
BY_IDS, BY_TAGS = Index("by_ids", NOTES, (IDS,)), Index("by_tags", NOTES, (TAGS,))
BY_IDS_OF_OWNER = Index("by_ids_of_owner", NOTES, (IDS, IndexKey("owner")))
WHAT_IFS = (
    ("SELECT text FROM notes WHERE 7 MEMBER OF (doc->'$.ids')", BY_IDS),
    ("SELECT text FROM notes WHERE JSON_CONTAINS(doc->'$.ids', '[7, 1049]')", BY_IDS),
    ("SELECT text FROM notes n WHERE JSON_OVERLAPS(json_extract(n.doc, '$.ids'), CAST('[7, 8]' AS JSON))", BY_IDS),
    ("SELECT text FROM notes WHERE 7 MEMBER OF (doc->'$.ids') AND owner = 7", BY_IDS_OF_OWNER),
    ("SELECT text FROM notes WHERE 'tag7' MEMBER OF (doc->'$.tags') OR 'tag8' MEMBER OF (doc->'$.tags')", BY_TAGS),
)
NOT_SERVED = (
    ("SELECT text FROM notes WHERE JSON_CONTAINS(doc, '7', '$.ids')", BY_IDS),
    ("SELECT text FROM notes WHERE NOT 7 MEMBER OF (doc->'$.ids')", BY_IDS),
    ("SELECT text FROM notes WHERE '7' MEMBER OF (doc->'$.ids')", BY_IDS),
    ("SELECT text FROM notes WHERE 7 MEMBER OF (doc->>'$.ids')", BY_IDS),
)

Pair = tuple[MySQLServer, ScratchPlanner]


@pytest.fixture(scope="module")
def scratch(mysql: MySQLServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    url = parse_target(fill(mysql, DATABASE, SCHEMA))
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    with (
        another(FLAVOURS["mysql"], tmp_path_factory.mktemp("scratch")) as other,
        ScratchPlanner.open(snapshot, url, scratch=other.url, most_rows=SAMPLED) as planner,
    ):
        yield mysql, planner
    mysql.run(f"DROP DATABASE {DATABASE}")


@contextmanager
def built(server: MySQLServer, index: Index) -> Iterator[None]:
    server.run(build_index(index, "InnoDB").sql, f"ANALYZE TABLE {DATABASE}.notes")
    yield
    server.run(drop_index(index, "InnoDB").sql)


def explained(server: MySQLServer, sql: str) -> Plan:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SET explain_json_format_version = 1")
        cursor.execute(f"EXPLAIN FORMAT=JSON {sql}")
        ((text,),) = cursor.fetchall()
    return read_explain(str(text), "mysql", relations(DATABASE, ""))


def counted(server: MySQLServer, sql: str) -> int:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        ((number,),) = cursor.fetchall()
    return int(number)


def read(plan: Plan) -> tuple[str | None, str | None, float]:
    node = next(node for node in plan.root.walk() if node.access is not None)
    return node.access, node.index, node.examined_rows or 0.0


@pytest.mark.parametrize(("sql", "index"), WHAT_IFS)
def test_what_if_as_if_built(scratch: Pair, sql: str, index: Index) -> None:
    server, planner = scratch
    before = planner.plan(Instance(sql))
    assert planner.prepare([index]) == (index,)
    plan = planner.plan(Instance(sql), Configuration(frozenset({index})))
    with built(server, index):
        true = explained(server, sql)
    access, name, rows = read(true)
    assert (access, name) == read(plan)[:2] and name == index.name
    assert 0.5 < read(plan)[2] / rows < 2
    assert 0.4 < plan.cost / true.cost < 2.5
    # what it knows of the table is of production's size, now and before
    assert before.cost == pytest.approx(planner.plan(Instance(f"{sql} AND 1 = 1")).cost, rel=0.01)
    assert read(before)[2] == pytest.approx(ROWS, rel=0.05)


@pytest.mark.parametrize(("sql", "index"), NOT_SERVED)
def test_what_no_index_serves(scratch: Pair, sql: str, index: Index) -> None:
    server, planner = scratch
    planner.prepare([index])
    assert planner.plan(Instance(sql), Configuration(frozenset({index}))).indexes == frozenset()
    with built(server, index):
        assert read(explained(server, sql))[1] is None


@pytest.mark.parametrize("index", [BY_IDS, BY_TAGS, BY_IDS_OF_OWNER], ids=lambda index: index.name)
def test_its_entries_are_the_members(scratch: Pair, index: Index) -> None:
    server, planner = scratch
    planner.prepare([index])
    found = planner._indexes._new_figures[NOTES][index.name]
    with built(server, index), server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT stat_name, stat_value FROM mysql.innodb_index_stats WHERE database_name = %s AND index_name = %s",
            (DATABASE, index.name),
        )
        true = {name: float(value) for name, value in cursor.fetchall()}
    values = [true[f"n_diff_pfx{place:02d}"] for place in range(1, len(found.n_diff) + 1)]
    assert found.n_diff == pytest.approx(values, rel=0.15)
    assert found.leaf_pages == pytest.approx(true["n_leaf_pages"], rel=0.2)
    assert planner.index_bytes(index) == pytest.approx(true["size"] * 16384, rel=0.2)


def test_a_type_that_the_members_are_not_of(scratch: Pair) -> None:
    _, planner = scratch
    wrong = Index("wrong", NOTES, (MultiValued(json_array("doc", "$.tags"), "unsigned").key,))
    assert planner.prepare([wrong]) == ()
    assert any("wrong" in limit.what and "another type" in limit.why for limit in planner.limits)


def test_members_that_it_would_convert(scratch: Pair) -> None:
    server, planner = scratch
    numbers_as_texts = Index("converting", NOTES, (MultiValued(json_array("doc", "$.ids"), "char(255)").key,))
    sql = "SELECT COUNT(*) FROM notes WHERE '7' MEMBER OF (doc->'$.ids')"
    assert planner.prepare([numbers_as_texts]) == ()
    assert any("converting" in limit.what and "another type" in limit.why for limit in planner.limits)
    found = [counted(server, sql)]
    with built(server, numbers_as_texts):
        found.append(counted(server, sql))
    assert found[0] == 0 < found[1]


def test_any_index_on_an_expression_leaves_the_statistics(scratch: Pair) -> None:
    _, planner = scratch
    sql = "SELECT text FROM notes WHERE owner + 1 = 5"
    before = planner.plan(Instance(sql))
    planner.prepare([Index("computed", NOTES, (IndexKey(expression="`owner` + 1"),))])
    assert planner.plan(Instance(f"{sql} AND 1 = 1")).cost == pytest.approx(before.cost, rel=0.01)
