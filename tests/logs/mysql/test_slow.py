"""Slow query logs in every variant."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.batch import Batch
from dbtune.logs.formats.mysql_slow import BOUNDARY, sniff
from dbtune.logs.mysql.slow_reader import STRAY_LINE, WITHOUT_HEADER, WITHOUT_STATEMENT, SlowReader
from dbtune.logs.mysql.times import epoch
from dbtune.logs.registry import LayoutOptions

BANNER = """/usr/sbin/mysqld, Version: 8.0.36 (MySQL Community Server - GPL). started with:
Tcp port: 3306  Unix socket: /var/run/mysqld/mysqld.sock
Time                 Id Command    Argument
"""


def read(text: str | bytes) -> Batch:
    return SlowReader().read(text if isinstance(text, bytes) else text.encode())


def test_mysql_8_with_extra_fields() -> None:
    batch = read(
        BANNER + "# Time: 2024-05-01T10:00:00.123456Z\n# User@Host: app[app] @ web1 [10.0.0.1]  Id:    12\n"
        "# Query_time: 0.250000  Lock_time: 0.001000 Rows_sent: 3  Rows_examined: 1000 Thread_id: 12 Errno: 1317 "
        "Killed: 1 Bytes_received: 0 Bytes_sent: 561 Read_first: 1 Created_tmp_disk_tables: 0 "
        "Start: 2024-05-01T10:00:00.1Z End: 2024-05-01T10:00:00.3Z\n"
        "use shop;\nSET timestamp=1714557600;\nSELECT *\n  FROM t\nWHERE a = 'x;\ny';\n"
    )
    assert batch.texts == [b"SELECT *\n  FROM t\nWHERE a = 'x;\ny'"]
    assert (batch.ms[0], batch.times[0]) == (250.0, 1714557600.0)
    assert batch.lock_ms is not None and batch.lock_ms[0] == 1.0
    assert batch.rows_sent is not None and batch.rows_sent[0] == 3
    assert batch.rows_examined is not None and batch.rows_examined[0] == 1000
    assert batch.bytes_sent is not None and batch.bytes_sent[0] == 561
    assert batch.errors is not None and batch.errors[0] == 1
    assert (batch.users, batch.hosts, batch.databases, batch.sessions) == ([b"app"], [b"web1"], [b"shop"], [b"12"])
    assert [one.kind for one in batch.incidents] == ["cancelled"]
    assert not batch.skipped


def test_percona_with_rate_limit() -> None:
    batch = read(
        "# Time: 240501 10:00:00\n# User@Host: app[app] @  [10.0.0.1]  Id:    12\n"
        "# Schema: shop  Last_errno: 0  Killed: 0\n"
        "# Query_time: 0.5  Lock_time: 0.0  Rows_sent: 1  Rows_examined: 2  Rows_affected: 5\n"
        "# Bytes_sent: 100  Tmp_tables: 1  Tmp_disk_tables: 1  Tmp_table_sizes: 16384\n"
        "# InnoDB_trx_id: 1A\n# QC_Hit: No  Full_scan: Yes  Full_join: No  Tmp_table: Yes  Tmp_table_on_disk: Yes\n"
        "#   InnoDB_IO_r_ops: 1  InnoDB_IO_r_bytes: 2  InnoDB_IO_r_wait: 3.000003\n"
        "# Log_slow_rate_type: query  Log_slow_rate_limit: 10\n"
        "SET timestamp=1714557600;\nUPDATE t SET a = 1;\n"
    )
    assert batch.texts == [b"UPDATE t SET a = 1"]
    assert batch.calls is not None and batch.calls[0] == 10
    assert batch.temporary_bytes is not None and batch.temporary_bytes[0] == 16384
    assert batch.rows_affected is not None and batch.rows_affected[0] == 5
    assert (batch.databases, batch.hosts) == ([b"shop"], [b"10.0.0.1"])


def test_mariadb_with_explain() -> None:
    batch = read(
        "# Time: 240501  9:00:00\n# User@Host: app[app] @ localhost []\n# Thread_id: 8  Schema: shop  QC_hit: No\n"
        "# Query_time: 0.000652  Lock_time: 0.000109  Rows_sent: 1  Rows_examined: 1\n"
        "# Rows_affected: 0  Bytes_sent: 78\n#\n# explain: id\tselect_type\ttable\n# explain: 1\tSIMPLE\tt\n#\n"
        "SET timestamp=1714554000;\nSELECT 1;\n"
    )
    assert batch.texts == [b"SELECT 1"]
    assert batch.sessions == [b"8"]
    assert batch.plans == {0: b"id\tselect_type\ttable\n1\tSIMPLE\tt"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (b"071015 21:43:52", 1192484632),
        (b"071015  1:43:52", 1192412632),
        (b"2016-07-20T18:13:25.698433Z", 1469038405.698433),
        (b"2016-07-20T20:13:25+02:00", 1469038405),
    ],
)
def test_times(text: bytes, seconds: float) -> None:
    assert epoch(text) == pytest.approx(seconds)


def test_what_is_odd_but_real() -> None:
    batch = read(
        "SELECT the end of an event WHERE b = 2;\n"
        "# Time: 071218 11:48:27 # User@Host: [SQL_SLAVE] @  []\r\n"
        "# Query_time: 2  Lock_time: 0  Rows_sent: 1  Rows_examined: 0\r\nuse `db 1`;\r\nselect 1;\r\n"
        "# User@Host: a[a] @ localhost []\n# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\n"
        "# administrator command: Quit;\n"
        "User@Host: b[b] @ localhost []\n# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\n"
        "# a comment that begins a statement\nselect 2;\n" + BANNER + "# User@Host: c[c] @ localhost []\n"
        "# Query_time: 18446744073708.796870.000036  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\nselect 3;\n"
        "# User@Host: d[d] @ localhost []\n# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\n"
        "# Time: 071218 11:50:00\n# User@Host: e[e] @ local"
    )
    assert batch.texts == [
        b"select 1",
        b"administrator command: Quit",
        b"# a comment that begins a statement\nselect 2",
        b"select 3",
    ]
    assert batch.users == [b"SQL_SLAVE", b"a", b"b", b"c"]
    assert batch.databases == [b"db 1"] * 4
    assert batch.times.tolist() == [1197978507.0] * 4
    assert str(batch.ms[3]) == "nan"
    assert batch.skipped == {STRAY_LINE: 1, WITHOUT_STATEMENT: 1, WITHOUT_HEADER: 1}


HEADER = (
    "# Time: 2024-05-01T10:00:00.123456Z\n# User@Host: a[a] @ web [10.0.0.1]  Id: 3\n"
    "# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0{more}\nSET timestamp=1714557600;\n"
)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO notes VALUES ('open\n# Time: 9 to 5;\n# User@Host: ask me\n# Query_time: 3 s')",
        "SELECT 1\n# a comment at the end",
        "SELECT 1 # Time: 240501 10:00:00",
        "SET timestamp=5",
        "use shop",
        "SELECT '\n#\n# explain: yes\n'",
    ],
)
def test_statements_that_look_like_headers(statement: str) -> None:
    log = (HEADER.format(more="") + statement + ";\n") * 3
    batch = read(log)
    assert batch.texts == [statement.encode()] * 3
    assert len(BOUNDARY.findall(log.encode())) == 2
    assert len(BOUNDARY.findall(log.replace("\n", "\r\n").encode())) == 2
    assert not batch.skipped


@pytest.mark.parametrize(
    ("fields", "incidents"),
    [
        ("Errno: 0 Killed: 0", []),
        ("Errno: 1062 Killed: 0", []),
        ("Errno: 1317 Killed: 0", [("cancelled", b"killed")]),
        ("Errno: 0 Killed: 1317", [("cancelled", b"killed")]),
        ("Errno: 3024 Killed: 0", [("cancelled", b"statement timeout")]),
        ("Errno: 1205 Killed: 0", [("cancelled", b"lock timeout")]),
        ("Errno: 1213 Killed: 0", [("deadlock", b"")]),
    ],
)
def test_what_went_wrong_is_told_by_its_number(fields: str, incidents: list[tuple[str, bytes]]) -> None:
    batch = read(HEADER.format(more=f" Thread_id: 3 {fields} Bytes_received: 1") + "SELECT 1;\n")
    assert [(one.kind, one.detail) for one in batch.incidents] == incidents
    assert all(one.text == b"SELECT 1" and one.time == 1714557600 for one in batch.incidents)
    assert batch.errors is not None
    assert batch.errors[0] == (not fields.startswith("Errno: 0"))


def test_headers_with_spaces_of_their_own() -> None:
    """Old Percona servers: an hour of one digit, a host without a name, no space behind a colon, an empty schema."""
    batch = read(
        "# Time: 100518 5:11:01\n# User@Host: foo[foo] @ [1.2.3.4]\n# Thread_id: 342 Schema: db1 Last_errno: 0 "
        "Killed: 0\n# Query_time: 0.5 Lock_time: 0.1 Rows_sent: 18 Rows_examined:40 Rows_affected: 0 Rows_read: 18\n"
        "# Bytes_sent: 4152 Tmp_tables: 0 Tmp_disk_tables: 0 Tmp_table_sizes: 0\nselect col from tbl;\n"
        "# User@Host: foo[foo] @ [host]\n# Thread_id: 343 Schema:  Last_errno: 3 Killed: 4\n"
        "# Query_time: 0.5 Lock_time: 0.1 Rows_sent: 18 Rows_examined: 18\nuse db2;\ncommit;\n"
    )
    assert batch.texts == [b"select col from tbl", b"commit"]
    assert batch.times.tolist() == [1274159461.0] * 2
    assert (batch.hosts, batch.databases, batch.sessions) == ([b"1.2.3.4", b"host"], [b"db1", b""], [b"342", b"343"])
    assert batch.rows_examined is not None and batch.rows_examined.tolist() == [40, 18]
    assert batch.errors is not None and batch.errors.tolist() == [0, 1]
    assert [(one.kind, one.text) for one in batch.incidents] == [("cancelled", b"commit")]


def test_a_session_without_a_database_has_none() -> None:
    """MariaDB: what another session used is not its own."""
    event = (
        "# User@Host: a[a] @ localhost []\n# Thread_id: {}  Schema: {}  QC_hit: No\n"
        "# Query_time: 0.1  Lock_time: 0.0  Rows_sent: 0  Rows_examined: 0\n{}SET timestamp=1714557600;\nSELECT 1;\n"
    )
    batch = read(event.format(1, "shop", "use `shop`;\n") + event.format(2, "", ""))
    assert batch.databases == [b"shop", b""]
    assert batch.sessions == [b"1", b"2"]


def test_the_banner_of_mariadb_in_the_middle_of_a_log() -> None:
    banner = (
        "/usr/sbin/mariadbd, Version: 11.8.2-MariaDB (Debian). started with:\n"
        "Tcp port: 3306  Unix socket: /run/mysqld/mysqld.sock\nTime\t\t    Id Command\tArgument\n"
    )
    event = HEADER.format(more="") + "SELECT 1;\n"
    for log in (banner + event * 2, event + banner + event):
        batch = read(log)
        assert batch.texts == [b"SELECT 1"] * 2
        assert not batch.skipped


@pytest.mark.parametrize("cut", ["# T", "# Time: 2024-05-0", "# User@Host: a", "# User@Host: a[a] @ web [10.0.0.1"])
def test_a_log_that_ends_in_a_header(cut: str) -> None:
    batch = read(HEADER.format(more="") + "SELECT 1;\n" + cut)
    assert batch.texts == [b"SELECT 1"]
    assert batch.skipped == {WITHOUT_HEADER: 1}


def test_other_logs_are_not_taken_for_one() -> None:
    for other in (
        b"",
        b"# a comment\nSELECT 1;\n",
        b"2024-05-01 10:00:00 UTC [1] LOG:  duration: 1.0 ms  statement: x\n",
    ):
        assert sniff(other, LayoutOptions()) is None


@given(st.binary(max_size=400))
@settings(deadline=None)
def test_nothing_raises(content: bytes) -> None:
    reader = SlowReader()
    reader.read(content)
    reader.read(b"# Query_time: 1" + content)
