"""The logs that real servers write: what they were made to do comes back, from each kind of log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import open_executor
from dbtune.model.digest import Client, Digest, StatementDigest
from dbtune.model.progress import NoProgress
from tests.logs.mysql.workload import (
    AT_ONCE,
    BY_NAME,
    DATABASE,
    ELSEWHERE,
    KILLED,
    LINES_AS_IN_A_LOG,
    LONG_AGO,
    OTHER_DATABASE,
    PREPARED,
    REPLAYED,
    SETUP,
    STEPS,
    TIMED_OUT,
    USER,
    Step,
    settings,
    work,
)
from tests.servers.mysql_sandbox import MySQLServer

FULL = "query_plan,innodb,explain"


@dataclass(frozen=True)
class Kind:
    """A way in which a server writes its logs."""

    server: str
    settings: Mapping[str, object]
    counts_errors: bool = False
    counts_changes: bool = False
    plans: bool = False


KINDS = {
    "mysql": Kind("mysql", {"log_slow_extra": 0}),
    "mysql extra": Kind("mysql", {"log_slow_extra": 1}, counts_errors=True),
    "mariadb": Kind("mariadb", {"log_slow_verbosity": ""}, counts_changes=True),
    "mariadb verbose": Kind("mariadb", {"log_slow_verbosity": FULL}, counts_changes=True, plans=True),
    "mariadb 10.11 verbose": Kind("old_mariadb", {"log_slow_verbosity": FULL}, counts_changes=True, plans=True),
}


@dataclass(frozen=True)
class Written:
    """What a server has written while it worked."""

    kind: Kind
    slow: Path
    general: Path


@pytest.fixture(scope="module", params=KINDS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Written]:
    kind = KINDS[request.param]
    server: MySQLServer = request.getfixturevalue(kind.server)
    if server.log_folder is None:
        pytest.skip("the server runs elsewhere: its logs cannot be read")
    folder = tmp_path_factory.mktemp("logs")
    files = {name: folder / f"{name}.log" for name in ("slow", "general")}
    log_files = {"slow_query_log_file": str(files["slow"]), "general_log_file": str(files["general"])}
    server.run(*SETUP)
    with settings(server, long_query_time=0, **kind.settings, **log_files, general_log=1, slow_query_log=1):
        work(server)
    yield Written(kind, files["slow"], files["general"])


def read(path: Path) -> Digest:
    return digest([str(path)], DigestOptions(samples=5), open_executor(1), NoProgress())


def found(digest: Digest, step: Step) -> StatementDigest:
    (one,) = [one for one in digest.statements if one.fingerprint == step.fingerprint]
    return one


def names(clients: tuple[Client, ...]) -> set[str]:
    return {client.name for client in clients}


def test_the_slow_log_has_all_that_was_done(written: Written) -> None:
    made = read(written.slow)
    assert made.sources[0].format == "mysql-slow"
    assert not made.sources[0].skipped
    for step in (*STEPS, PREPARED, BY_NAME):
        one, calls = found(made, step), len(step.executions)
        assert (one.calls, one.rows_sent) == (calls, step.rows_sent * calls), one.text
        assert (one.rows_examined or 0) >= step.rows_examined * calls, one.text
        assert one.total_ms is not None and one.total_ms > 0
        assert (names(one.users), names(one.databases), names(one.hosts)) == ({USER}, {DATABASE}, {"127.0.0.1"})
        if written.kind.counts_errors:
            assert one.errors == (calls if step.fails else 0), one.text
        if written.kind.counts_changes and step.rows_affected:
            assert one.rows_affected == step.rows_affected * calls


def test_statements_are_whole(written: Written) -> None:
    made = read(written.slow)
    for step in (*STEPS, PREPARED, BY_NAME):
        sent = {sql.strip() for sql in step.executions}
        assert {sample.sql for sample in found(made, step).samples} == sent
    assert LINES_AS_IN_A_LOG in {sample.sql for one in made.statements for sample in one.samples}


def test_databases_and_sessions_are_followed(written: Written) -> None:
    made = read(written.slow)
    assert {client.name: client.calls for client in found(made, ELSEWHERE).databases} == {
        DATABASE: 1,
        OTHER_DATABASE: 1,
    }
    assert found(made, AT_ONCE).calls == 2


def test_times_are_those_of_the_sessions(written: Written) -> None:
    one = found(read(written.slow), REPLAYED)
    assert (one.first_seen, one.last_seen) == (LONG_AGO, LONG_AGO)


def test_what_was_cancelled_is_told(written: Written) -> None:
    made = read(written.slow)
    cancelled = {(one.fingerprint, one.detail) for one in made.incidents if one.kind == "cancelled"}
    wanted = {(KILLED.fingerprint, "killed"), (TIMED_OUT.fingerprint, "statement timeout")}
    assert cancelled == (wanted if written.kind.counts_errors else set())
    assert found(made, KILLED).calls == 1


def test_plans_are_kept(written: Written) -> None:
    plans = [sample.plan for step in STEPS[3:4] for sample in found(read(written.slow), step).samples]
    if written.kind.plans:
        assert all(plan is not None and plan.startswith("id\tselect_type") for plan in plans)
        assert all(plan is not None and "SIMPLE\tt\t" in plan for plan in plans)
    else:
        assert plans == [None]


def test_the_general_log_has_all_that_was_done(written: Written) -> None:
    made = read(written.general)
    assert made.sources[0].format == "mysql-general"
    assert not made.sources[0].skipped
    assert made.total_ms is None
    for step in (*STEPS, PREPARED, BY_NAME, KILLED):
        one = found(made, step)
        assert one.calls == len(step.executions), one.text
        assert (names(one.users), names(one.databases), names(one.hosts)) == ({USER}, {DATABASE}, {"127.0.0.1"})
        assert {sample.sql for sample in one.samples} == {sql.strip() for sql in step.executions}
    assert {client.name: client.calls for client in found(made, ELSEWHERE).databases} == {
        DATABASE: 1,
        OTHER_DATABASE: 1,
    }


def test_a_part_of_the_log_is_all_there_is_of_a_rate_limit(mariadb: MySQLServer, tmp_path: Path) -> None:
    """MariaDB does not write the limit down: what stands in the log is counted as it is."""
    if mariadb.log_folder is None:
        pytest.skip("the server runs elsewhere: its logs cannot be read")
    mariadb.run(*SETUP)
    log = tmp_path / "slow.log"
    with settings(mariadb, long_query_time=0, log_slow_rate_limit=3, slow_query_log_file=str(log), slow_query_log=1):
        work(mariadb)
    text = log.read_text()
    assert read(log).calls == text.count("# Query_time: ") - text.count("# Query_time: too long")
