"""Every format, run up and down by its own tool on a real Postgres; what it leaves is what was there before."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from dbtune.migrate.flow import AUTO, Wishes, propose
from dbtune.migrate.writing import write_all
from tests.migrate.projects import Project, Tool
from tests.migrate.reports import ALL, INDEXES, MAINTENANCE, SCHEMA, report
from tests.migrate.tools import TOOLS
from tests.servers.packages import Unavailable

State = list[tuple[object, ...]]


def state(project: Project) -> State:
    with psycopg.connect(project.url) as connection:
        return connection.execute(INDEXES).fetchall()


def migrate(project: Project, form: str) -> int:
    """Write what is missing; how many files."""
    proposal = propose(report(), Wishes(project.folder, form))
    write_all(proposal.output.files)
    return len(proposal.output.files)


def expected(make_database: Callable[..., str]) -> State:
    """What the report's own statements make of the schema."""
    url = make_database(SCHEMA)
    with psycopg.connect(url, autocommit=True) as connection:
        for one in ALL:
            for statement in one.sql.up if one is not MAINTENANCE else ():
                connection.execute(statement.encode())
        return connection.execute(INDEXES).fetchall()


SHORTER_NAMES = {"idx_shop_order_customer_id_created_at_incl_status": "idx_shop_order_customer_33a496"}
"""Django takes no name of more than 30 characters."""


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name + tool.variant)
def test_up_and_down_by_the_tool(tool: Tool, project: Project, make_database: Callable[..., str]) -> None:
    try:
        tool.make(project)
    except Unavailable as error:
        pytest.skip(f"no {tool.name}: {error}")
    before = state(project)
    assert migrate(project, "sql" if tool.name == "sql" else AUTO) > 0
    tool.up(project)
    after = expected(make_database)
    if tool.name == "django":
        after = [tuple(_shorter(value) for value in row) for row in after]
    assert sorted(state(project), key=str) == sorted(after, key=str)
    tool.down(project)
    assert state(project) == before
    tool.up(project)
    assert sorted(state(project), key=str) == sorted(after, key=str)
    assert migrate(project, tool.name) == 0  # all of it is there


def _shorter(value: object) -> object:
    for name, short in SHORTER_NAMES.items():
        value = value.replace(name, short) if isinstance(value, str) else value
    return value
