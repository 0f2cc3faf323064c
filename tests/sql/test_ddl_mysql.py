"""The form of statements of MySQL and MariaDB: pairs of SQL and what is read from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.ddl.mysql_alter import with_way
from dbtune.sql.ddl import read_ddl

FORMS = {
    "ALTER TABLE `s`.`odd ``name` ADD a int": ("alter", "table", ("s", "odd `name")),
    "alter online table t add a int": ("alter", "table", ("t",)),
    "ALTER IGNORE TABLE IF EXISTS t NOWAIT ADD a int": ("alter", "table", ("t",)),
    "/*!50100 ALTER TABLE t ADD a int */": ("alter", "table", ("t",)),
    "CREATE UNIQUE INDEX i USING BTREE ON s.t (a)": ("create", "index", ("s", "t")),
    "CREATE FULLTEXT INDEX i ON t (a)": ("create", "index", ("t",)),
    "CREATE SPATIAL INDEX i ON t (a)": ("create", "index", ("t",)),
    "DROP INDEX `i` ON t": ("drop", "index", ("t",)),
    "CREATE ALGORITHM = MERGE DEFINER = 'a'@'%' SQL SECURITY INVOKER VIEW v AS SELECT 1": ("create", "view", ("v",)),
    "CREATE TEMPORARY TABLE IF NOT EXISTS t (a int)": ("create", "table", ("t",)),
    "RENAME TABLE a TO b, s.c TO s.d": ("rename", "table", ("a",)),
    "DROP TABLE IF EXISTS a, s.b": ("drop", "table", ("a",)),
    "TRUNCATE t": ("truncate", "table", ("t",)),
    "SELECT 1": ("select", "", ()),
    "": ("", "", ()),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), FORMS.items())
def test_form(sql: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    ddl = read_ddl(sql, "mysql")
    assert (ddl.verb, ddl.object, ddl.name) == expected


ACTIONS = {
    "ADD COLUMN IF NOT EXISTS a int": ("add column", "a"),
    "ADD a decimal(10, 2) NOT NULL DEFAULT 0 FIRST": ("add column", "a"),
    "ADD `index` int": ("add column", "index"),
    "DROP a": ("drop column", "a"),
    "DROP COLUMN `a`": ("drop column", "a"),
    "DROP INDEX i": ("drop index", "i"),
    "DROP KEY i": ("drop index", "i"),
    "DROP PRIMARY KEY": ("drop primary key", ""),
    "DROP FOREIGN KEY f": ("other", "f"),
    "MODIFY a bigint": ("set type", "a"),
    "CHANGE COLUMN a b int": ("set type", "a"),
    "RENAME COLUMN a TO b": ("rename column", "a"),
    "RENAME INDEX i TO j": ("rename other", "i"),
    "RENAME TO u": ("rename table", ""),
    "ADD UNIQUE KEY k (a)": ("add unique", "k"),
    "ADD KEY (a)": ("add index", ""),
    "ADD FULLTEXT KEY k (a)": ("add index", "k"),
    "ADD PRIMARY KEY (a)": ("add primary key", ""),
    "ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES p (id)": ("add foreign key", "c"),
    "ADD CONSTRAINT CHECK (a > 0)": ("add check", ""),
    "CONVERT TO CHARACTER SET latin1": ("convert", ""),
    "ENGINE=InnoDB": ("rebuild", ""),
    "DROP PARTITION p1, p2": ("other", "p1"),
}


@pytest.mark.parametrize(("sql", "expected"), ACTIONS.items())
def test_action(sql: str, expected: tuple[str, str]) -> None:
    action = read_ddl(f"ALTER TABLE t {sql}", "mariadb").actions[0]
    assert (action.kind, action.name) == expected


def test_clauses_are_no_actions_and_names_are_no_clauses() -> None:
    ddl = read_ddl("ALTER TABLE t ADD COLUMN algorithm int, ADD lock int, ALGORITHM=inplace, LOCK NONE", "mysql")
    assert ([action.name for action in ddl.actions], ddl.algorithm, ddl.lock) == (
        ["algorithm", "lock"],
        "INPLACE",
        "NONE",
    )


WITH_WAY = {
    "ALTER TABLE t ADD a int": "ALTER TABLE t ALGORITHM=COPY, LOCK=NONE, ADD a int",
    "ALTER TABLE s.`t` WAIT 5 ADD a int": "ALTER TABLE s.`t` WAIT 5 ALGORITHM=COPY, LOCK=NONE, ADD a int",
    "ALTER TABLE t PARTITION BY HASH (a)": "ALTER TABLE t ALGORITHM=COPY, LOCK=NONE PARTITION BY HASH (a)",
    "CREATE INDEX i ON t (a)": "CREATE INDEX i ON t (a) ALGORITHM=COPY LOCK=NONE",
}


@pytest.mark.parametrize(("sql", "expected"), WITH_WAY.items())
def test_way_is_written_where_the_server_takes_it(sql: str, expected: str) -> None:
    ddl = read_ddl(sql, "mysql")
    assert ddl.clauses_at is not None
    assert with_way(sql, ddl.clauses_at, comma=ddl.clauses_with_comma, algorithm="COPY", lock="NONE") == expected


def test_renamings_in_their_order() -> None:
    ddl = read_ddl("RENAME TABLE a TO tmp, s.b TO a, tmp TO s.b", "mysql")
    assert [(one.old, one.new) for one in ddl.renamed] == [
        (("a",), ("tmp",)),
        (("s", "b"), ("a",)),
        (("tmp",), ("s", "b")),
    ]
    ddl = read_ddl("ALTER TABLE t CHANGE a A int, CHANGE b c int, RENAME INDEX i TO j, RENAME s.u", "mysql")
    assert [(one.thing, one.old, one.new) for one in ddl.renamed] == [
        ("column", ("b",), ("c",)),
        ("index", ("i",), ("j",)),
        ("table", ("t",), ("s", "u")),
    ]


SETTINGS = {
    "SET lock_wait_timeout = 5": [("lock_wait_timeout", "5")],
    "SET SESSION foreign_key_checks=OFF, @@session.lock_wait_timeout = 7": [
        ("foreign_key_checks", "off"),
        ("lock_wait_timeout", "7"),
    ],
    "SET @@GLOBAL.x = 1, PERSIST y = 'a'": [("global.x", "1"), ("global.y", "a")],
    "SET NAMES utf8mb4": [("names", "utf8mb4")],
}


@pytest.mark.parametrize(("sql", "expected"), SETTINGS.items())
def test_settings(sql: str, expected: list[tuple[str, str]]) -> None:
    assert list(read_ddl(sql, "mysql").settings) == expected


@given(st.text(alphabet="ALTERTABLEtadropcolumn ()`',;=._/*!-#\"\n", max_size=60))
def test_nothing_raises(text: str) -> None:
    read_ddl(text, "mysql")
    read_ddl(f"ALTER TABLE {text}", "mariadb")
    read_ddl(f"RENAME TABLE {text}", "mysql")
