"""A column's clause with another type or collation, taken from real definitions and given back to the servers."""

from __future__ import annotations

import pytest

from dbtune.sql.mysql_definitions import Definition, with_collation, with_type
from tests.servers.filling import fill
from tests.servers.mysql_sandbox import MySQLServer

COLUMNS = """
CREATE TABLE c (
  a int unsigned zerofill NOT NULL DEFAULT '7' COMMENT 'it''s (a), CHARACTER SET',
  b enum('x,y', 'it''s', ')') CHARACTER SET latin1 DEFAULT ')',
  d decimal(10, 2) DEFAULT NULL,
  `e ``(` varchar(20) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'COLLATE utf8mb4_bin',
  f timestamp NULL DEFAULT NULL ON UPDATE current_timestamp(),
  g char(3)
) CHARACTER SET utf8mb4;
"""


@pytest.mark.parametrize(
    ("clause", "type_", "edited"),
    [
        ("`id` int NOT NULL AUTO_INCREMENT", "bigint", "`id` bigint NOT NULL AUTO_INCREMENT"),
        ("`id` int(10) unsigned zerofill NOT NULL", "bigint unsigned", "`id` bigint unsigned NOT NULL"),
        ("`id` char(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL", "uuid", "`id` uuid NOT NULL"),
        ("`id` char(36)", "uuid", "`id` uuid"),
        ("`a ``b` varchar(9) COLLATE utf8mb4_bin", "int", "`a ``b` int"),
    ],
)
def test_another_type_and_all_else_as_it_was(clause: str, type_: str, edited: str) -> None:
    assert with_type(clause, type_) == edited


@pytest.mark.parametrize(
    ("clause", "edited"),
    [
        ("`c` char(3) NOT NULL", "`c` char(3) CHARACTER SET `latin1` COLLATE `latin1_bin` NOT NULL"),
        ("`c` text CHARACTER SET utf8mb3", "`c` text CHARACTER SET `latin1` COLLATE `latin1_bin`"),
        (
            "`c` text COLLATE utf8mb4_bin COMMENT 'x'",
            "`c` text CHARACTER SET `latin1` COLLATE `latin1_bin` COMMENT 'x'",
        ),
        ("`c` enum('COLLATE x',')')", "`c` enum('COLLATE x',')') CHARACTER SET `latin1` COLLATE `latin1_bin`"),
    ],
)
def test_another_collation(clause: str, edited: str) -> None:
    assert with_collation(clause, "latin1", "latin1_bin") == edited


def test_every_clause_of_a_real_table_is_taken_with_another_collation_and_back(any_mysql: MySQLServer) -> None:
    fill(any_mysql, "columns", COLUMNS)

    def clauses() -> dict[str, str]:
        with any_mysql.connect("columns") as connection, connection.cursor() as cursor:
            cursor.execute("SHOW CREATE TABLE c")
            ((_, text),) = cursor.fetchall()
            return Definition(str(text)).columns

    before = clauses()
    assert list(before) == ["a", "b", "d", "e `(", "f", "g"]
    for name in ("b", "e `(", "g"):
        any_mysql.run(f"ALTER TABLE columns.c MODIFY COLUMN {with_collation(before[name], 'greek', 'greek_bin')}")
        assert "greek_bin" in clauses()[name]
    for name in ("a", "d"):
        any_mysql.run(f"ALTER TABLE columns.c MODIFY COLUMN {with_type(before[name], 'bigint')}")
    for clause in before.values():
        any_mysql.run(f"ALTER TABLE columns.c MODIFY COLUMN {clause}")
    after = clauses()
    assert {name: clause.replace(" COLLATE utf8mb4_0900_ai_ci", "") for name, clause in after.items()} == {
        name: clause.replace(" COLLATE utf8mb4_0900_ai_ci", "") for name, clause in before.items()
    }
