"""The form of statements: pairs of SQL and what is read from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.sql.ddl import read_ddl

FORMS = {
    "create unique index concurrently if not exists i on only s.\"T\" (a)": ("create", "index", ("s", "T"), True),
    "CREATE INDEX ON orders USING gin (tags)": ("create", "index", ("orders",), False),
    "drop index concurrently if exists s.i, j": ("drop", "index", ("s", "i"), True),
    "ALTER TABLE IF EXISTS ONLY s.t ADD a int": ("alter", "table", ("s", "t"), False),
    "create or replace view v as select 1": ("create", "view", ("v",), False),
    "CREATE TEMP TABLE IF NOT EXISTS t (a int)": ("create", "table", ("t",), False),
    "refresh materialized view concurrently s.m": ("refresh", "materialized view", ("s", "m"), True),
    "REINDEX (VERBOSE) INDEX CONCURRENTLY i": ("reindex", "index", ("i",), True),
    "REINDEX TABLE t": ("reindex", "table", ("t",), False),
    "create constraint trigger n after insert on s.t for each row execute function f()": (
        "create", "trigger", ("s", "t"), False,
    ),
    "vacuum (full, analyze) t": ("vacuum", "", ("t",), False),
    "truncate table t": ("truncate", "", ("t",), False),
    "select 1": ("select", "", (), False),
    "": ("", "", (), False),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "expected"), FORMS.items())
def test_form(sql: str, expected: tuple[str, str, tuple[str, ...], bool]) -> None:
    ddl = read_ddl(sql)
    assert (ddl.verb, ddl.object, ddl.name, ddl.concurrently) == expected


ACTIONS = {
    "ADD COLUMN IF NOT EXISTS a int": ("add column", "a"),
    'ADD "Odd name" numeric(10, 2) NOT NULL DEFAULT 0': ("add column", "Odd name"),
    "ADD checked boolean": ("add column", "checked"),
    "DROP COLUMN IF EXISTS a CASCADE": ("drop column", "a"),
    "DROP a": ("drop column", "a"),
    "DROP CONSTRAINT c": ("other", ""),
    "ALTER a TYPE int USING a::int": ("set type", "a"),
    "ALTER COLUMN a SET DATA TYPE varchar(5)": ("set type", "a"),
    "ALTER COLUMN a SET NOT NULL": ("set not null", "a"),
    "ALTER COLUMN a SET DEFAULT 5": ("other", "a"),
    "ADD CHECK (a IN (1, 2))": ("add check", ""),
    "ADD CONSTRAINT c FOREIGN KEY (a, b) REFERENCES t (a, b) NOT VALID": ("add foreign key", "c"),
    "ADD CONSTRAINT c UNIQUE USING INDEX i": ("add unique", "c"),
    "ADD PRIMARY KEY (a)": ("add primary key", ""),
    "VALIDATE CONSTRAINT c": ("validate", "c"),
    "RENAME a TO b": ("rename column", "a"),
    "RENAME COLUMN a TO b": ("rename column", "a"),
    "RENAME TO b": ("rename table", ""),
    "RENAME CONSTRAINT a TO b": ("rename other", ""),
    "ATTACH PARTITION s.p DEFAULT": ("attach", "s.p"),
    "DETACH PARTITION p CONCURRENTLY": ("detach", "p"),
    "OWNER TO me": ("owner", ""),
    "SET (fillfactor = 70)": ("other", ""),
}


@pytest.mark.parametrize(("sql", "expected"), ACTIONS.items())
def test_action(sql: str, expected: tuple[str, str]) -> None:
    ddl = read_ddl(f"ALTER TABLE ONLY s.t {sql}")
    assert [(one.kind, one.name) for one in ddl.actions] == [expected]
    assert ddl.spelled(ddl.actions[0]) == sql


@given(st.lists(st.sampled_from(list(ACTIONS)), min_size=1, max_size=5))
def test_actions_are_told_apart_by_their_commas(actions: list[str]) -> None:
    ddl = read_ddl("ALTER TABLE t " + ",\n  ".join(actions))
    assert [ddl.spelled(one) for one in ddl.actions] == actions
    assert [(one.kind, one.name) for one in ddl.actions] == [ACTIONS[action] for action in actions]


@given(st.text(max_size=60))
def test_anything_is_read(text: str) -> None:
    read_ddl(text)
    read_ddl(f"ALTER TABLE t {text}")
    read_ddl(f"CREATE {text}")


def test_constraints_written_with_a_column() -> None:
    ddl = read_ddl("ALTER TABLE t ADD a int NOT NULL REFERENCES u (id) CHECK (a > 0), ADD b int UNIQUE DEFAULT 1")
    assert [one.inline for one in ddl.actions] == [
        ("add not null", "add foreign key", "add check"),
        ("add unique",),
    ]
    assert [one.has_default for one in ddl.actions] == [False, True]
