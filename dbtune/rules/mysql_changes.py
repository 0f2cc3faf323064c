"""The SQL of a finding on MySQL and MariaDB, there and back, with algorithm and lock written out."""

from __future__ import annotations

from collections.abc import Iterable

from dbtune.connect.mysql_abilities import hiding_words
from dbtune.ddl.mysql_alter import AlterTable, drop_index, restore_index, show_index
from dbtune.ddl.mysql_session import waiting_briefly
from dbtune.model.recommendation import Change
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.rules.mysql_tables import engine_of, is_visible, tools_for, version_of


def drop(index: Index, snapshot: Snapshot) -> Change:
    """Drop an existing index; back: build it again by its own definition. Before that, hide it where the server can."""
    table = snapshot.table(index.table)
    engine = engine_of(table) if table is not None else ""
    change = altered(snapshot, table, [drop_index(index, engine)], [restore_index(index, engine)])
    words = hiding_words(version_of(snapshot))
    if words is None or index.unique or not is_visible(index):
        return change
    hide, show = (waiting_briefly([show_index(index, word).sql]) for word in words)
    return Change(change.up, change.down, hide, show, change.tools)


def altered(snapshot: Snapshot, table: Table | None, up: list[AlterTable], down: list[AlterTable]) -> Change:
    """These changes of one table, with the tools' command lines where it is a single one that stops writers."""
    tools = tools_for(snapshot, table, up[0]) if table is not None and len(up) == 1 else ()
    return there_and_back((one.sql for one in up), (one.sql for one in down), tools)


def there_and_back(up: Iterable[str], down: Iterable[str], tools: tuple[str, ...] = ()) -> Change:
    """Statements that change a table and undo it, none of which waits long for it."""
    return Change(waiting_briefly(up), waiting_briefly(down), tools=tools)
