"""What a MySQL or MariaDB server says of itself and of who else is at work on it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pymysql.err import MySQLError

from dbtune.collect.mysql.privileges import rights_of
from dbtune.connect.mysql import MySQLSession, Row
from dbtune.model.units import plural
from dbtune.verify.staging import Target

GROUP_MEMBERS = "SELECT COUNT(*) AS members FROM performance_schema.replication_group_members WHERE MEMBER_STATE <> ''"


def read_target(session: MySQLSession, databases: Sequence[str]) -> Target:
    """``databases``: those that are verified on, and whose sessions count."""
    threads = session.rows("SHOW PROCESSLIST")
    own = int(session.rows("SELECT CONNECTION_ID() AS id")[0]["id"])
    others = [row for row in threads if int(row["Id"]) != own and _is_client(row)]
    replicas = sum(1 for row in others if _is_replica(row))
    servers = _servers_of_cluster(session)
    signs = []
    if servers > 1:
        signs.append(f"a cluster of {servers} servers")
    if replicas:
        signs.append(f"{plural(replicas, 'replica')} of the server")
    sessions = _sessions(session, others, databases)
    if sessions:
        signs.append(sessions)
    # of a cluster, every server has threads that apply what others wrote
    applies = servers <= 1 and any(row["User"] == "system user" and row["Command"] != "Daemon" for row in threads)
    return Target(
        ", ".join(databases), session.version.shown, applies or _is_read_only(session), tuple(reversed(signs))
    )


def _is_client(row: Row) -> bool:
    return row["Command"] != "Daemon" and row["User"] not in ("system user", "event_scheduler")


def _is_replica(row: Row) -> bool:
    return str(row["Command"]).startswith("Binlog Dump")


def _sessions(session: MySQLSession, others: Sequence[Row], databases: Collection[str]) -> str:
    """Who else is on the databases, or, where the account may not see that, on the server; empty where nobody is."""
    everywhere = [found for place, found in rights_of(session.rows("SHOW GRANTS")) if place == "*"]
    if any({"PROCESS", "ALL PRIVILEGES"} & found for found in everywhere):
        count = sum(1 for row in others if row["db"] in databases and not _is_replica(row))
        return f"{plural(count, 'other session')} on the database" if count else ""
    connected = int(session.rows("SHOW GLOBAL STATUS LIKE 'Threads_connected'")[0]["Value"]) - 1
    if connected <= 0:
        return ""
    return f"{plural(connected, 'other session')} on the server (without PROCESS the account does not see where)"


def _is_read_only(session: MySQLSession) -> bool:
    return str(session.rows("SELECT @@GLOBAL.read_only AS it")[0]["it"]).upper() not in ("0", "OFF")


def _servers_of_cluster(session: MySQLSession) -> int:
    """Of Galera or of group replication; 0 or 1 where it stands alone."""
    galera = session.rows("SHOW GLOBAL STATUS LIKE 'wsrep_cluster_size'")
    if galera:
        return int(galera[0]["Value"])
    if session.version.family == "mariadb":
        return 0
    try:
        return int(session.rows(GROUP_MEMBERS)[0]["members"])
    except MySQLError:  # it may not be read
        if session.is_lost:
            raise
        return 0
