"""Partitions beside a what-if index on a scratch server with a part of the rows, against both really made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.ddl.mysql_indexes import add_index
from dbtune.ddl.mysql_partitions import partition_alter
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import Part, PartitionScheme
from dbtune.model.plan import Configuration
from dbtune.model.progress import NoProgress
from dbtune.model.schema import Index, IndexKey
from dbtune.model.workload import Instance
from dbtune.planner.mysql.estimate import EstimatePlanner
from dbtune.planner.mysql.partitioned import mysql_partitioned, partitioning_of
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

DATABASE = "beside"
VISITS = QualifiedName(DATABASE, "visits")
DIGITS = " UNION ".join(f"SELECT {n} AS n" for n in range(10))
SCHEMA = f"""
CREATE TABLE digits AS {DIGITS};
CREATE TABLE visits (id int NOT NULL, region varchar(20) NOT NULL, value int NOT NULL, note varchar(300) NOT NULL,
  PRIMARY KEY (id, region)) STATS_SAMPLE_PAGES = 10000;
INSERT INTO visits SELECT n, ELT(1 + n % 5, 'a', 'b', 'c', 'd', 'e'), n * 7919 % 1000, REPEAT('x', 280) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n AS n FROM digits a, digits b, digits c, digits d) n;
DROP TABLE digits;
"""
STATISTICS = {
    "mysql": "ANALYZE TABLE visits UPDATE HISTOGRAM ON region; ANALYZE TABLE visits",
    "mariadb": "ANALYZE TABLE visits PERSISTENT FOR ALL",
}
BY_REGION = PartitionScheme(VISITS, "region", "list", tuple(Part(f"p_{v}", values=(v,)) for v in "abcde"))
COVERING = Index("covering", VISITS, (IndexKey("region"), IndexKey("value")))
STATEMENT = Instance("SELECT sum(value) FROM visits WHERE region = 'c'", search_path=(DATABASE,))
SAMPLED = 2000
TOLERANCE = {"mysql": 0.12, "mariadb": 0.6}
"""Each partition is read by whole extents. MariaDB is told nothing of the partitions: its grade is ``estimated``."""


@pytest.fixture(params=["mysql", "mariadb-11.8"])
def flavour(request: pytest.FixtureRequest, mysql: MySQLServer, mariadb: MySQLServer) -> Iterator[MySQLServer]:
    server = mysql if request.param == "mysql" else mariadb
    yield server
    server.run(f"DROP DATABASE IF EXISTS {DATABASE}")


def test_a_partition_is_not_cheaper_for_what_an_index_would_tell(flavour: MySQLServer, tmp_path: Path) -> None:
    url = parse_target(fill(flavour, DATABASE, SCHEMA, STATISTICS[flavour.family]))
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    table = snapshot.table(VISITS)
    assert table is not None
    name = "mysql" if flavour.family == "mysql" else "mariadb-11.8"
    with (
        another(FLAVOURS[name], tmp_path) as other,
        ScratchPlanner.open(snapshot, url, scratch=other.url, most_rows=SAMPLED) as scratch,
    ):
        scratch.prepare([COVERING])
        planner = scratch.changed(mysql_partitioned(snapshot, BY_REGION))
        assert planner is not None
        told = [planner.plan(STATEMENT, one).cost for one in (Configuration(), Configuration(frozenset({COVERING})))]
        planner.close()
    built = []
    for alter in (
        partition_alter(table, partitioning_of(table, BY_REGION)).sql,
        f"ALTER TABLE `{DATABASE}`.`visits` {add_index(COVERING)}",
    ):
        flavour.run(alter, f"ANALYZE TABLE {DATABASE}.visits")
        with EstimatePlanner(snapshot, url) as real:
            built.append(real.plan(STATEMENT).cost)
    assert told[0] == pytest.approx(built[0], rel=TOLERANCE[flavour.family])
    assert told[1] == pytest.approx(built[1], rel=0.35)
