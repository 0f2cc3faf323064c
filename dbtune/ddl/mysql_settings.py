"""Statements that change a server variable of MySQL and MariaDB, and ANALYZE TABLE."""

from __future__ import annotations

from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.names import QualifiedName


def set_global(name: str, value: str) -> str:
    """Until the server's next start. ``value``: a number or ON or OFF, as SHOW VARIABLES has it."""
    return f"SET GLOBAL {identifier(name)} = {_value(value)}"


def set_persist(name: str, value: str) -> str:
    """From now on (MySQL 8 and later)."""
    return f"SET PERSIST {identifier(name)} = {_value(value)}"


def reset_persist(name: str) -> str:
    """Forgets what was set so, from the server's next start on."""
    return f"RESET PERSIST IF EXISTS {identifier(name)}"


def analyze_table(name: QualifiedName) -> str:
    """Counts the statistics anew, on replicas too."""
    return f"ANALYZE TABLE {qualified(name)}"


def _value(value: str) -> str:
    if value not in ("ON", "OFF") and not value.replace(".", "", 1).isdigit():
        raise ValueError(f"neither a switch nor a number: {value!r}")
    return value
