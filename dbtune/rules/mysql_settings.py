"""Changes of server variables on MySQL and MariaDB, and what rules ask of their present values."""

from __future__ import annotations

from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_settings import reset_persist, set_global, set_persist
from dbtune.model.recommendation import Change
from dbtune.model.snapshot import Snapshot
from dbtune.rules.mysql_tables import version_of


def is_on(snapshot: Snapshot, name: str) -> bool | None:
    """None where the server does not say."""
    value = snapshot.settings.get(name)
    return None if value is None else value.upper() in ("ON", "1", "YES")


def changed(snapshot: Snapshot, **values: str) -> Change:
    """The variables with these values, kept over a restart where the server can; none where a service manages it."""
    observed = snapshot.server.mysql
    if observed is not None and observed.managed_by:
        return Change()
    persists = version_of(snapshot).has(MySQLAbility.SET_PERSIST)
    up = [(set_persist if persists else set_global)(name, value) for name, value in values.items()]
    down = [set_global(name, snapshot.settings[name]) for name in values if name in snapshot.settings]
    if persists:
        down += [reset_persist(name) for name in values]
    return Change(tuple(up), tuple(down))


def where_words(snapshot: Snapshot) -> str:
    """Where the variables are to be set for good."""
    observed = snapshot.server.mysql
    if observed is not None and observed.managed_by:
        return f"To be set in the parameters that {observed.managed_by} keeps."
    if version_of(snapshot).has(MySQLAbility.SET_PERSIST):
        return "It needs SYSTEM_VARIABLES_ADMIN, and holds over a restart."
    return "It holds until the next restart: put it into the server's configuration, too."
