"""What a report of MySQL or MariaDB builds and drops, read from its SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Change, Phase, Report
from dbtune.sql.mysql_effects import only_reads
from dbtune.verify.mysql_builds import index_changes
from tests.report.samples import EMPTY, MISSING

WAIT = "SET SESSION lock_wait_timeout = 5"
ORDERS = QualifiedName("my`shop", "orders")


def with_sql(*up: str) -> Report:
    return replace(EMPTY, recommendations=(replace(MISSING, sql=Change(up)),))


def test_each_clause_is_taken_for_what_it_is() -> None:
    (change,) = index_changes(
        with_sql(
            WAIT,
            "ALTER TABLE `my``shop`.`orders` ADD UNIQUE INDEX `a, b` (`a`(10), (json_value(`b`, '$.x,y')) DESC), "
            "DROP INDEX `old`, ALGORITHM=INPLACE, LOCK=NONE",
        )
    )
    assert change.table == ORDERS and change.dropped == ("old",)
    assert [one.index for one in change.added] == ["a, b"]
    assert change.build("INVISIBLE") == (
        "ALTER TABLE `my``shop`.`orders` ADD UNIQUE INDEX `a, b` (`a`(10), (json_value(`b`, '$.x,y')) DESC) INVISIBLE, "
        "ALGORITHM=INPLACE, LOCK=NONE"
    )
    assert " INDEX `a, b` (`a`(10), (json_value(`b`, '$.x,y')) DESC), ALG" in change.build("")


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE `s`.`t` MODIFY COLUMN `a` bigint, ALGORITHM=COPY, LOCK=SHARED",
        "ALTER TABLE `s`.`t` DROP PRIMARY KEY, ADD INDEX `i` (`a`)",
        "ALTER TABLE `s`.`t` ALTER INDEX `i` INVISIBLE",
        "ALTER TABLE `s`.`t` DROP COLUMN `i`",
        "ANALYZE TABLE `s`.`t` UPDATE HISTOGRAM ON `a` WITH 100 BUCKETS",
        "SET GLOBAL innodb_buffer_pool_size = 1",
    ],
)
def test_what_else_changes_is_left_out(sql: str) -> None:
    assert index_changes(with_sql(sql)) == ()


def test_a_recommendation_is_taken_as_a_whole_or_not_at_all() -> None:
    index = "ALTER TABLE `s`.`t` ADD INDEX `i` (`a`)"
    assert len(index_changes(with_sql(index))) == 1
    assert index_changes(with_sql("ALTER TABLE `s`.`t` ADD COLUMN `a` int", index)) == ()
    phases = Change((index,), phases=(Phase("build", "", (index,)),))
    assert index_changes(replace(EMPTY, recommendations=(replace(MISSING, sql=phases),))) == ()


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("SELECT 1", True),
        ("((SELECT 1) UNION SELECT 2)", True),
        ("TABLE t", True),
        ("WITH a AS (SELECT 1) SELECT REPLACE(b, 'into', '') FROM a", True),
        ("WITH a AS (DELETE FROM t) (SELECT 1)", True),  # no server takes it
        ("SELECT `into`, 'for update' FROM t USE INDEX FOR JOIN (i) -- for update", True),
        ("WITH a AS (SELECT 1) UPDATE t, a SET b = 1", False),
        ("SELECT 1 FOR UPDATE", False),
        ("SELECT a FROM t WHERE b IN (SELECT c FROM u FOR SHARE)", False),
        ("SELECT a FROM t LOCK IN SHARE MODE", False),
        ("SELECT a INTO OUTFILE '/tmp/a' FROM t", False),
        ("SELECT a INTO @b FROM t", False),
        ("/*!50000 DELETE */ FROM t", False),
        ("REPLACE INTO t VALUES (1)", False),
        ("CALL p()", False),
    ],
)
def test_only_reads(text: str, reads: bool) -> None:
    assert only_reads(text) is reads
