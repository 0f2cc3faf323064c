"""Statements prepared by the binary protocol, as most drivers do it; PyMySQL only sends text."""

from __future__ import annotations

import struct

from pymysql.connections import Connection
from pymysql.constants import COMMAND

_LONGLONG = 8


def execute_prepared(connection: Connection, sql: str, *values: int) -> None:
    """Prepare the statement once, execute it with each of the values for its one ``?``, and close it."""
    connection._execute_command(COMMAND.COM_STMT_PREPARE, sql.encode())
    answer = connection._read_packet().get_all_data()
    statement, columns, parameters = struct.unpack_from("<IHH", answer, 1)
    assert parameters == 1
    for described in (parameters, columns):
        if described:
            _read_to_end(connection)
    for value in values:
        types = struct.pack("<BBBB", 0, 1, _LONGLONG, 0)  # none is NULL, types follow, signed
        command = struct.pack("<IBI", statement, 0, 1) + types + struct.pack("<q", value)
        connection._execute_command(COMMAND.COM_STMT_EXECUTE, command)
        if not connection._read_packet().is_ok_packet():
            _read_to_end(connection)  # columns
            _read_to_end(connection)  # rows
    connection._execute_command(COMMAND.COM_STMT_CLOSE, struct.pack("<I", statement))
    # no answer comes to it
    connection._next_seq_id = 0


def _read_to_end(connection: Connection) -> None:
    while not connection._read_packet().is_eof_packet():
        pass
