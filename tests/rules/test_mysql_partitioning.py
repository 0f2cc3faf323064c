"""A table of MySQL and MariaDB that is really put in the partitions advised: costs, rows, upkeep, the way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import NoProgress
from dbtune.model.recommendation import Recommendation
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.estimate import EstimatePlanner
from dbtune.planner.mysql.scratch.planner import ScratchPlanner
from dbtune.rules.engine import AdviseOptions, advise
from dbtune.sql.splitting import split_statements
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, another

DATABASE = "ledger"
DIGITS = "SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 " + (
    "UNION SELECT 7 UNION SELECT 8 UNION SELECT 9"
)
SCHEMA = f"""
CREATE TABLE entries (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, account int NOT NULL, at datetime NOT NULL,
  note varchar(500) NOT NULL, KEY account (account));
CREATE TABLE digits AS {DIGITS};
INSERT INTO entries (account, at, note)
SELECT i * 7919 % 5000, DATE_ADD('2022-10-01', INTERVAL i * 88 MINUTE), REPEAT('x', 480) FROM
  (SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
   FROM digits a, digits b, digits c, digits d, digits e WHERE e.n < 2) n;
"""
STATISTICS = {
    "mysql": "ANALYZE TABLE entries UPDATE HISTOGRAM ON at WITH 100 BUCKETS; ANALYZE TABLE entries",
    "mariadb": "ANALYZE TABLE entries PERSISTENT FOR ALL",
}
BY_MONTH = "SELECT count(*) FROM entries WHERE at >= '2024-03-01' AND at < '2024-04-01' AND note LIKE '%y%'"
BY_DAY = "SELECT note FROM entries WHERE at >= '2025-02-01' AND at < '2025-02-02' ORDER BY note LIMIT 5"
BY_ACCOUNT = "SELECT note FROM entries WHERE account = 77"
TOLERANCE = {"mysql": 0.05, "mariadb": 0.6}
"""Of MariaDB, which is told nothing of the partitions' statistics, the grade is ``estimated``."""


@dataclass(frozen=True)
class Ledger:
    """The database, and what was advised for it on another server."""

    server: MySQLServer
    url: DatabaseUrl
    snapshot: Snapshot
    advice: Recommendation
    scratch: tuple[str, str]
    """The table's definition on the scratch server, before and after the advice."""

    def value(self, sql: str) -> object:
        with self.server.connect(DATABASE) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()[0]

    def definition(self) -> str:
        return str(self.value("SHOW CREATE TABLE entries"))


@pytest.fixture(scope="module", params=["mysql", "mariadb-11.8"])
def ledger(
    request: pytest.FixtureRequest, mysql: MySQLServer, mariadb: MySQLServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    server = mysql if request.param == "mysql" else mariadb
    url = parse_target(fill(server, DATABASE, SCHEMA, STATISTICS[server.family]))
    assert isinstance(url, DatabaseUrl)
    snapshot = collect(url, CollectOptions(workload=False), NoProgress())
    folder = tmp_path_factory.mktemp("ledger")
    file = folder / "workload.sql"
    file.write_text(f"-- calls: 100\n{BY_MONTH};\n-- calls: 50\n{BY_DAY};\n{BY_ACCOUNT};\n")
    with (
        another(FLAVOURS[request.param], folder) as other,
        ScratchPlanner.open(snapshot, url, scratch=other.url) as planner,
    ):
        before = _scratch_definition(other)
        options = AdviseOptions(only=("partition.missing",), partition_bytes=1_000_000)
        report = advise(snapshot, read_sql_file(file, server.family), planner, options, NoProgress())
        after = _scratch_definition(other)
    (found,) = report.recommendations
    yield Ledger(server, url, snapshot, found, (before, after))
    server.run(f"DROP DATABASE {DATABASE}")


def _scratch_definition(server: MySQLServer) -> str:
    with server.connect(DATABASE) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW CREATE TABLE entries")
        return str(cursor.fetchall()[0][1])


def test_the_scratch_server_is_left_as_it_was(ledger: Ledger) -> None:
    before, after = ledger.scratch
    assert after == before and "PARTITION" not in after


def test_there_and_back(ledger: Ledger) -> None:
    """The costs come true, no row is lost, partitions are made and dropped as told, and all is as before."""
    advice, server = ledger.advice, ledger.server
    assert advice.title == "Partition ledger.entries by year of at"
    assert advice.evidence.confidence == ("proven" if server.family == "mysql" else "estimated")
    checksum = "SELECT count(*), sum(id), sum(crc32(concat(id, account, at, note))) FROM entries"
    before, rows = ledger.definition(), ledger.value(checksum)
    server.run(*advice.sql.up, f"ANALYZE TABLE {DATABASE}.entries")
    assert ledger.value(checksum) == rows
    _costs_come_true(ledger)
    _upkeep_runs(ledger)
    server.run(*advice.sql.down)
    assert ledger.value(checksum) == rows
    assert ledger.definition() == before


def test_the_tools_are_told_that_the_key_is_meant_to_go(ledger: Ledger) -> None:
    tool = ledger.advice.sql.tools[0]
    assert tool.startswith("pt-online-schema-change") and "--no-check-alter" in tool
    assert "ADD PRIMARY KEY (`id`, `at`) PARTITION BY RANGE COLUMNS (`at`)" in tool


def _costs_come_true(ledger: Ledger) -> None:
    month = next(one for one in ledger.advice.evidence.statements if "LIKE" in one.text)
    account = next(one for one in ledger.advice.evidence.statements if "account" in one.text)
    assert month.cost_after is not None and account.cost_before is not None and account.cost_after is not None
    with EstimatePlanner(ledger.snapshot, ledger.url) as planner:
        plan = planner.plan(Instance(BY_MONTH, search_path=(DATABASE,)))
        assert plan.cost == pytest.approx(month.cost_after, rel=TOLERANCE[ledger.server.family])
        assert [node.partitions for node in plan.root.walk() if node.relation] == [("p20240101",)]
    assert account.cost_after > account.cost_before, "it has to look into each partition"


def _upkeep_runs(ledger: Ledger) -> None:
    """But for the DROP of the oldest rows, which would not come back."""
    limit, split, drop = split_statements(ledger.advice.sql.asides[0].text, ledger.server.family)
    ledger.server.run(limit, split)
    assert "DROP PARTITION `p20220101`" in drop
