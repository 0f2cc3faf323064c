"""Command lines of pt-online-schema-change and gh-ost: what a shell makes of them, and for whom there is none."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.ddl.mysql_alter import AlterTable, modify_column
from dbtune.ddl.online_tools import Place, Ties, gh_ost, online_commands, pt_online_schema_change
from dbtune.model.names import QualifiedName

ORDERS = modify_column(QualifiedName("shop", "orders"), ["`id` bigint NOT NULL"])
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\\"), min_size=1, max_size=20)


def dsn_parts(dsn: str) -> dict[str, str]:
    """As DSNParser of Percona Toolkit 3.2.1 reads it: commas part, a backslash before one keeps it."""
    kept = dsn.replace("\\,", "\0").split(",")
    return {part[0]: part[2:].replace("\0", ",") for part in kept}


def test_as_a_person_would_write_them() -> None:
    assert online_commands(ORDERS, "mysql") == (
        "pt-online-schema-change --alter 'MODIFY COLUMN `id` bigint NOT NULL' --ask-pass --dry-run "
        "h=HOST,u=USER,D=shop,t=orders",
        "gh-ost --host=HOST --user=USER --ask-pass --database=shop --table=orders "
        "'--alter=MODIFY COLUMN `id` bigint NOT NULL' --allow-on-master --verbose",
    )


@given(NAMES, NAMES, st.text(min_size=1))
def test_a_shell_hands_over_names_and_clauses_as_they_are(schema: str, table: str, clause: str) -> None:
    alter = AlterTable(QualifiedName(schema, table), (clause,), "COPY", "SHARED")
    place = Place("db.example.org", 3307, "root")
    first, second = online_commands(alter, "mysql", place=place)
    words = shlex.split(first)
    assert words[words.index("--alter") + 1] == clause
    assert dsn_parts(words[-1]) == {"h": "db.example.org", "P": "3307", "u": "root", "D": schema, "t": table}
    assert {f"--database={schema}", f"--table={table}", f"--alter={clause}"} <= set(shlex.split(second))


def test_no_password_stands_in_them() -> None:
    for command in online_commands(ORDERS, "mysql", place=Place("h", 1, "u")):
        assert "--ask-pass" in command
        assert "p=" not in shlex.split(command)[-1].split(",")


def test_foreign_keys_that_point_to_the_table_are_moved_to_the_copy() -> None:
    assert "--alter-foreign-keys-method auto" in (pt_online_schema_change(ORDERS, Ties(referenced=True)) or "")
    assert "--alter-foreign-keys-method" not in (pt_online_schema_change(ORDERS) or "")


@pytest.mark.parametrize(
    "ties", [Ties(referenced=True), Ties(references=True), Ties(unique=False), Ties(generated=True)], ids=str
)
def test_gh_ost_is_left_out_where_it_refuses_the_table(ties: Ties) -> None:
    assert gh_ost(ORDERS, "mysql", ties) is None


def test_gh_ost_is_left_out_where_rows_may_have_no_place() -> None:
    """It copies with INSERT IGNORE, and would lose them."""
    alter = replace(ORDERS, may_refuse_rows=True)
    assert gh_ost(alter, "mysql") is None
    assert pt_online_schema_change(alter) is not None


def test_neither_is_for_a_table_without_a_key_and_gh_ost_not_for_mariadb() -> None:
    assert online_commands(ORDERS, "mysql", Ties(unique=False)) == ()
    assert gh_ost(ORDERS, "mariadb") is None
    assert len(online_commands(ORDERS, "mariadb")) == 1


def test_a_name_that_the_toolkit_does_not_find_has_no_command() -> None:
    assert pt_online_schema_change(modify_column(QualifiedName("shop", "a\\b"), ["`x` int"])) is None
