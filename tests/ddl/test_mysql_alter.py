"""ALTER TABLE with algorithm and lock, run on the real servers there and back."""

from __future__ import annotations

import pytest
from pymysql.err import MySQLError

from dbtune.ddl.mysql_alter import (
    AlterTable,
    add_foreign_key_clause,
    add_row_id,
    build_index,
    change_engine,
    drop_foreign_key,
    drop_index,
    drop_key_column,
    modify_column,
    restore_index,
    show_index,
)
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey
from tests.collect.mysql_servers import collected_without_workload, table_of
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

ODD = QualifiedName("altering", "odd `name` 'here'")
SCHEMA = """
CREATE TABLE `odd ``name`` 'here'` (
  `the ``id``` int NOT NULL, txt varchar(50) NOT NULL, n int, place point NOT NULL,
  KEY `a ``b``` (txt(10), n) COMMENT 'it''s; /* one */', FULLTEXT KEY words (txt), SPATIAL KEY place (place)
);
INSERT INTO `odd ``name`` 'here'` VALUES (1, 'x', 2, point(1, 2));
"""
DESCENDING = "ALTER TABLE `odd ``name`` 'here'` ADD INDEX d (n DESC, txt);"
FUNCTIONAL = "ALTER TABLE `odd ``name`` 'here'` ADD INDEX f ((upper(txt)), n), ADD INDEX h (n) INVISIBLE;"


def definition(server: MySQLServer) -> str:
    with server.connect("altering") as connection, connection.cursor() as cursor:
        cursor.execute("SHOW CREATE TABLE `odd ``name`` 'here'`")
        ((_, text),) = cursor.fetchall()
        return "\n".join(sorted(line.strip().rstrip(",") for line in str(text).splitlines()))


def test_every_kind_of_index_is_dropped_and_comes_back_as_it_was(any_mysql: MySQLServer) -> None:
    url = fill(any_mysql, "altering", SCHEMA, DESCENDING, FUNCTIONAL if any_mysql.family == "mysql" else "")
    before = definition(any_mysql)
    indexes = table_of(collected_without_workload(url), ODD.name).indexes
    assert len(indexes) == (6 if any_mysql.family == "mysql" else 4)
    for index in indexes:
        any_mysql.run(drop_index(index, "InnoDB").sql)
        assert definition(any_mysql) != before
        any_mysql.run(restore_index(index, "InnoDB").sql)
        assert definition(any_mysql) == before


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_expressions_are_indexed_whatever_the_names(mysql: MySQLServer, names: str) -> None:
    fill(mysql, "altering", SCHEMA)
    before = definition(mysql)
    keys = (IndexKey(expression="n + 1"), IndexKey(expression="upper(txt)"))
    indexes = [Index(name, ODD, (key,)) for name, key in zip(names, keys, strict=True)]
    for index in indexes:
        mysql.run(build_index(index, "InnoDB").sql)
    assert definition(mysql) != before
    for index in indexes:
        mysql.run(drop_index(index, "InnoDB").sql)
    assert definition(mysql) == before


def test_an_index_is_hidden_and_shown(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "altering", SCHEMA)
    before = definition(any_mysql)
    index = Index("a `b`", ODD, (IndexKey("txt"),))
    hide, show = ("INVISIBLE", "VISIBLE") if any_mysql.family == "mysql" else ("IGNORED", "NOT IGNORED")
    any_mysql.run(show_index(index, hide).sql)
    assert hide in definition(any_mysql)
    any_mysql.run(show_index(index, show).sql)
    assert definition(any_mysql) == before


def test_a_key_of_numbers_an_engine_and_a_type_there_and_back(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "altering", SCHEMA)
    before = definition(any_mysql)
    for up, down in (
        (add_row_id(ODD, "row `id`", hidden=True), drop_key_column(ODD, "row `id`")),
        (change_engine(ODD, "MyISAM", "FIXED"), change_engine(ODD, "InnoDB", "DEFAULT")),
        (modify_column(ODD, ["`the ``id``` bigint NOT NULL"]), modify_column(ODD, ["`the ``id``` int NOT NULL"])),
    ):
        assert up.stops_writers
        any_mysql.run(up.sql)
        assert definition(any_mysql) != before
        any_mysql.run(down.sql)
        assert definition(any_mysql) == before


def test_a_foreign_key_is_dropped_at_once_and_made_again_with_all_rows_checked(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "altering", "CREATE TABLE p (id int PRIMARY KEY); INSERT INTO p VALUES (1);")
    any_mysql.run("CREATE TABLE altering.c (p int, CONSTRAINT `f ``k` FOREIGN KEY (p) REFERENCES altering.p (id))")
    child = QualifiedName("altering", "c")
    any_mysql.run(drop_foreign_key(child, "f `k").sql, "INSERT INTO altering.c VALUES (2)")
    clause = add_foreign_key_clause("f `k", "FOREIGN KEY (`p`) REFERENCES `altering`.`p` (`id`)")
    again = AlterTable(child, (clause,), "COPY", "SHARED")
    with pytest.raises(MySQLError, match="foreign key constraint fails"):
        any_mysql.run(again.sql)
    any_mysql.run("DELETE FROM altering.c", again.sql)


def test_what_does_not_exist_cannot_be_restored() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        restore_index(Index("i", ODD, (IndexKey("txt"),)), "InnoDB")
