"""Why a statement could not be planned, as reports tell it: the server's words without the statement's literals."""

from __future__ import annotations

import pytest

from dbtune.collect.collector import CollectOptions, collect
from dbtune.connect.targets import DatabaseUrl, parse_target
from dbtune.model.errors import PlanFailed
from dbtune.model.progress import NoProgress
from dbtune.model.workload import Instance
from dbtune.planner.mysql.live import LiveMySQL
from dbtune.planner.mysql.prices import pages_of
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

REASONS = {
    'invalid input syntax for type integer: "it"s"': 'invalid input syntax for type integer: "…"',
    'value "99999999999" is out of range for type integer': 'value "…" is out of range for type integer',
    "Incorrect DATETIME value: 'to: 'morrow'": "Incorrect DATETIME value: '…'",
    'relation "orders" does not exist': 'relation "orders" does not exist',
    "Unknown column 'a' in 'where clause'": "Unknown column 'a' in 'where clause'",
}


@pytest.mark.parametrize(("message", "told"), REASONS.items())
def test_literals_are_left_out(message: str, told: str) -> None:
    assert PlanFailed(message).reason == told


def test_those_of_mysql(mysql: MySQLServer) -> None:
    url = parse_target(fill(mysql, "reasons", "CREATE TABLE t (at datetime, KEY at (at))"))
    assert isinstance(url, DatabaseUrl)
    try:
        snapshot = collect(url, CollectOptions(workload=False), NoProgress())
        planner = LiveMySQL(url, snapshot, pages_of(snapshot))
        with pytest.raises(PlanFailed) as refused:
            planner.plan(Instance("SELECT * FROM t WHERE at = 'a secret'"))
        planner.close()
    finally:
        mysql.run("DROP DATABASE reasons")
    assert "a secret" in str(refused.value)
    assert "secret" not in refused.value.reason and refused.value.reason.endswith("'…'")
