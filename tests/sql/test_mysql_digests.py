"""Digests of performance_schema: what of them is a statement to plan, and whether all of it is there."""

from __future__ import annotations

import pytest

from dbtune.sql.mysql_digests import (
    digest_statement,
    is_application_statement,
    is_cut,
    is_preparation,
    whole_sample,
)


@pytest.mark.parametrize(
    ("digest", "statement"),
    [
        ("SELECT `a` FROM `t` WHERE `b` IN (...)", "SELECT `a` FROM `t` WHERE `b` IN (?)"),
        ("INSERT INTO `t` VALUES (...) /* , ... */", "INSERT INTO `t` VALUES (?) /* , ... */"),
        ("SELECT * FROM `t` LIMIT ?, ...", "SELECT * FROM `t` LIMIT ?"),
        ("EXECUTE SELECT ?", "SELECT ?"),
        ("SELECT `d` + INTERVAL ? SQL_TSI_DAY FROM `t`", "SELECT `d` + INTERVAL ? DAY FROM `t`"),
    ],
)
def test_digest_statement(digest: str, statement: str) -> None:
    assert digest_statement(digest) == statement


@pytest.mark.parametrize(
    ("text", "planned"),
    [
        ("SELECT `a` FROM `t`", True),
        ("( SELECT `a` FROM `t` ) UNION ( SELECT ? )", True),
        ("WITH `x` AS ( SELECT ? ) SELECT * FROM `x`", True),
        ("REPLACE INTO `t` VALUES (?)", True),
        ("UPDATE `t` SET `a` = ?", True),
        ("SELECT ?", False),
        ("SELECT @@version", False),
        ("SHOW TABLES", False),
        ("CREATE TABLE `t` ( `id` INTEGER )", False),
        ("SELECT * FROM `information_schema` . `TABLES`", False),
        ("SELECT * FROM mysql.user", False),
        ("SELECT * FROM `t` JOIN `sys` . `version` USING ( `v` )", False),
        ("SELECT `mysql` . `a` FROM `t` AS `mysql`", True),
        ("", False),
    ],
)
def test_application_statement(text: str, planned: bool) -> None:
    assert is_application_statement(text) is planned


def test_preparation() -> None:
    assert is_preparation("PREPARE SELECT `a` FROM `t`")
    assert is_preparation("DEALLOCATE SELECT `a` FROM `t`")
    assert not is_preparation("EXECUTE SELECT `a` FROM `t`")
    assert not is_preparation("SELECT `prepare` FROM `t`")


def test_cut() -> None:
    assert not is_cut("SELECT `a` FROM `t` WHERE `b` IN (...)")
    assert is_cut("SELECT `a` FROM `t` WHERE ...")
    columns = " , ".join(f"`column_{number:04}`" for number in range(100))
    assert is_cut(f"SELECT {columns} FROM `t`")
    assert not is_cut(f"SELECT {columns} FROM `t`", 4096)
    assert whole_sample("SELECT 1...") is None
    assert whole_sample(None) is None
    assert whole_sample("SELECT 1") == "SELECT 1"
