"""The servers that other tests stand on: they answer, and nothing of them is left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.servers import packages
from tests.servers.fixtures import server
from tests.servers.mysql_sandbox import FLAVOURS, MySQLServer, cache_folder, install, running


def test_they_answer(mysql: MySQLServer, mariadb: MySQLServer) -> None:
    for one in (mysql, mariadb):
        with one.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT version(), @@performance_schema")
            (version, statistics), *_ = cursor.fetchall()
        assert ("MariaDB" in version) == (one.family == "mariadb")
        assert statistics == 1 or one.log_folder is None


def test_nothing_is_left(mariadb: MySQLServer, tmp_path: Path) -> None:
    if mariadb.log_folder is None:
        pytest.skip("the server is none of the tests' own")
    flavour, cache = FLAVOURS["mariadb-11.8"], tmp_path / "cache"
    installed = install(flavour, cache_folder())
    cache.mkdir()
    for path in (installed.prefix, installed.template):
        (cache / path.name).symlink_to(path)
    shutil.copy(cache_folder() / f"{flavour.name}.complete", cache)
    (cache / "run" / "mariadb-11.8-99999999").mkdir(parents=True)  # of a process that was killed
    with running(flavour, cache) as one:
        (run,) = (cache / "run").iterdir()
        assert run.name == f"mariadb-11.8-{os.getpid()}"
        process = int((run / "server.pid").read_text())
        one.run("CREATE DATABASE x")
    assert list((cache / "run").iterdir()) == []
    assert not Path("/proc", str(process)).exists()


def test_the_environment_names_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBTUNE_TEST_MYSQL_URL", "mysql://me:p%40ss@db.example:3307")
    with server("mysql", "mysql") as one:
        assert one == MySQLServer("mysql", "db.example", 3307, "me", "p@ss")
        assert one.url == "mysql://me:p%40ss@db.example:3307/"


def test_what_cannot_be_had_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DBTUNE_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("DBTUNE_TEST_MYSQL_URL", raising=False)
    with pytest.raises(packages.Unavailable, match="no apt"), server("mysql", "mysql"):
        pass
