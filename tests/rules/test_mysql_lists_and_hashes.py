"""Tables of MySQL and MariaDB that are really put in the lists and hashes advised: costs, rows, the way back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation
from dbtune.model.workload import Instance
from dbtune.planner.mysql.estimate import EstimatePlanner
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.splitting import split_statements
from tests.rules.test_mysql_partitioning import DIGITS
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

DATABASE = "keyed"
SCHEMA = f"""
CREATE TABLE digits AS {DIGITS};
CREATE TABLE events (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, {{column}}, kind int NOT NULL,
  note varchar(500) NOT NULL, KEY kind (kind), KEY `k'ey` (`k'ey`)) STATS_SAMPLE_PAGES = 10000;
INSERT INTO events (`k'ey`, kind, note) SELECT {{value}}, i * 7919 % 5000, REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
"""
STATISTICS = {
    "mysql": "ANALYZE TABLE events UPDATE HISTOGRAM ON `k'ey` WITH 100 BUCKETS; ANALYZE TABLE events",
    "mariadb": "SET histogram_type = 'JSON_HB'; ANALYZE TABLE events PERSISTENT FOR ALL",
}
TENANT = "IF(i % 5 < 3, i % 6, 1000 + i % 4001)"
KEYS = {
    "list of texts": ("varchar(20)", "ELT(1 + i % 5, 'it''s', 'b\\\\b', '\"c\"', 'd', 'e')", "'it''s'"),
    "list of numbers": ("int", "ELT(1 + i % 5, -7, 0, 12, 13, 14)", "-7"),
    "hash": ("int", TENANT, "2"),
    "key": ("varchar(20)", f"CONCAT('t', {TENANT})", "'t2'"),
}
METHODS = {"list of texts": "LIST COLUMNS", "list of numbers": "LIST COLUMNS", "hash": "HASH", "key": "KEY"}
TOLERANCE = {"mysql": 0.12, "mariadb": 0.6}
"""Each partition is read by whole extents. MariaDB is told nothing of the partitions: its grade is ``estimated``."""

BY_KIND = "SELECT note FROM events WHERE kind = 77"


@pytest.fixture(params=["mysql", "mariadb-11.8"])
def flavour(request: pytest.FixtureRequest, mysql: MySQLServer, mariadb: MySQLServer) -> Iterator[MySQLServer]:
    server = mysql if request.param == "mysql" else mariadb
    yield server
    server.run(f"DROP DATABASE IF EXISTS {DATABASE}")


@pytest.mark.parametrize("key", KEYS)
def test_there_and_back(flavour: MySQLServer, key: str, tmp_path: Path) -> None:
    """The costs come true, no row is lost, and all is as before."""
    type_, value, one = KEYS[key]
    schema = SCHEMA.format(column=f"`k'ey` {type_} NOT NULL", value=value)
    url = parse_target(fill(flavour, DATABASE, schema, STATISTICS[flavour.family]))
    assert isinstance(url, DatabaseUrl)
    by_key = f"SELECT max(note) FROM events WHERE `k'ey` = {one}"
    advice = advised(flavour, url, (by_key, by_key.replace("max", "min"), BY_KIND), tmp_path)
    assert advice.sql.up[-1].count(f"PARTITION BY {METHODS[key]} (`k'ey`)") == 1
    checksum = "SELECT count(*), sum(id), sum(crc32(concat(id, `k'ey`, kind, note))) FROM events"
    before, rows = value_of(flavour, "SHOW CREATE TABLE events"), value_of(flavour, checksum)
    flavour.run(*advice.sql.up, f"ANALYZE TABLE {DATABASE}.events")
    assert value_of(flavour, checksum) == rows
    costs_come_true(url, advice, by_key, TOLERANCE[flavour.family])
    if key.startswith("list"):
        another_value_has_a_place(flavour, advice, type_)
    flavour.run(*advice.sql.down)
    assert value_of(flavour, checksum) == rows
    assert value_of(flavour, "SHOW CREATE TABLE events") == before


def advised(server: MySQLServer, url: DatabaseUrl, statements: tuple[str, ...], folder: Path) -> Recommendation:
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    file = folder / "workload.sql"
    file.write_text("".join(f"-- calls: 100\n{sql};\n" for sql in statements[:-1]) + f"{statements[-1]};\n")
    flavour = "mysql" if server.family == "mysql" else "mariadb-11.8"
    with (
        another(FLAVOURS[flavour], folder) as other,
        ScratchPlanner.open(snapshot, url, scratch=other.url) as planner,
    ):
        options = AdviseOptions(only=("partition.missing",), partition_bytes=1_000_000)
        report = advise(snapshot, read_sql_file(file, server.family), planner, options, NoProgress())
    (found,) = report.recommendations
    assert found.title.startswith("Partition"), found.reason
    return found


def value_of(server: MySQLServer, sql: str) -> object:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()[0]


def costs_come_true(url: DatabaseUrl, advice: Recommendation, by_key: str, tolerance: float) -> None:
    told = {one.text: one.cost_after for one in advice.evidence.statements}
    cost = next(cost for text, cost in told.items() if "max" in text)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    with EstimatePlanner(snapshot, url) as planner:
        plan = planner.plan(Instance(by_key, search_path=(DATABASE,)))
    assert plan.cost == pytest.approx(cost, rel=tolerance)
    (parts,) = [node.partitions for node in plan.root.walk() if node.relation]
    assert len(parts) == 1


def another_value_has_a_place(server: MySQLServer, advice: Recommendation, type_: str) -> None:
    """Without a default partition the row is refused, as the risk says, until one is added as told."""
    value = "99" if type_ == "int" else "'new'"
    insert = f"INSERT INTO {DATABASE}.events (id, `k'ey`, kind, note) VALUES (-1, {value}, 1, '')"
    limit, change = split_statements(advice.sql.asides[0].text, server.family)
    change = change.replace("`NAME`", "`p_new`").replace("'VALUE'", value)
    if server.family == "mysql":
        assert "error 1526" in advice.risk
        with pytest.raises(pymysql.err.OperationalError, match="1526"):
            server.run(insert)
        server.run(limit, change, insert)
    else:
        server.run(insert, limit, change)
    assert value_of(server, "SELECT count(*) FROM events PARTITION (p_new)") == (1,)
    server.run(f"DELETE FROM {DATABASE}.events PARTITION (p_new)")
