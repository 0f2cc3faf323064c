"""A log in an envelope gives what it gives without one, however it is cut into blocks."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from itertools import pairwise, zip_longest
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.digesting import DigestOptions, digest
from dbtune.logs.executors import open_executor
from dbtune.logs.registry import wrappers
from dbtune.logs.wrappers.syslog import year_of
from dbtune.model.digest import Digest
from dbtune.model.progress import NoProgress

STATEMENTS = (
    "SELECT * FROM orders WHERE id = 5",
    "SELECT a,\n\t\tb FROM t\n\tWHERE c = 'it''s \"quoted\" \\ | # ü'\n\tAND d = 7",
    "INSERT INTO t VALUES (1, 'x'), (2, 'y')",
)
POSTGRES = "".join(
    f"2024-05-01 10:00:0{at % 10}.123 UTC [{100 + at}] app@shop LOG:  "
    f"duration: {at}.500 ms  statement: {STATEMENTS[at % 3]}\n"
    for at in range(30)
)
BARE = POSTGRES.replace(" app@shop", "")
MYSQL = "".join(
    f"# Time: 2024-05-01T10:00:0{at % 10}.000123Z\n# User@Host: app[app] @ web [10.0.0.1]  Id:  {at}\n"
    f"# Query_time: 0.{at:06d}  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 9\nSET timestamp=1714557600;\n"
    f"SELECT *\nFROM orders WHERE id = {at};\n"
    for at in range(30)
)
STAMP = "2024-05-01T10:00:00.123456789Z"


def _lines(text: str) -> list[str]:
    return text.splitlines()


def _messages(text: str) -> list[str]:
    """Records of the Postgres log with the lines that belong to them; lines of the others."""
    return ["2024-" + part.rstrip("\n") for part in text.split("2024-")[1:]] if text == POSTGRES else _lines(text)


def docker(text: str) -> str:
    return "".join(json.dumps({"log": f"{line}\n", "stream": "stderr", "time": STAMP}) + "\n" for line in _lines(text))


def cri(text: str) -> str:
    made = []
    for line in _lines(text):
        half = len(line) // 2
        made += [f"{STAMP} stderr P {line[:half]}\n", f"{STAMP} stderr F {line[half:]}\n"]
    return "".join(made)


def compose(text: str) -> str:
    return "".join(f"shop-db-1  | {line}\n" for line in _lines(text))


def stamped(text: str) -> str:
    return "".join(f"2024-05-01T10:00:00.123Z {line}\n" for line in _lines(text))


def cloudwatch(text: str) -> str:
    events = [{"timestamp": 1714557600123, "message": one, "ingestionTime": 1714557601000} for one in _messages(text)]
    return json.dumps({"events": events, "nextForwardToken": "f/3"}, indent=4)


def cloudwatch_lines(text: str) -> str:
    made = [json.dumps({"logStreamName": "db", "eventId": "1", "message": one}) for one in _messages(text)]
    return "\n".join(made) + "\n"


def cloudwatch_csv(text: str) -> str:
    made = StringIO()
    csv.writer(made, lineterminator="\n").writerows(
        [["@timestamp", "@message"], *([STAMP, one] for one in _messages(text))]
    )
    return made.getvalue()


def rds(text: str) -> str:
    return json.dumps({"LogFileData": text, "Marker": "7:1", "AdditionalDataPending": False}, indent=4)


def cloudsql(text: str) -> str:
    entries = [
        {"insertId": "s=1", "logName": "projects/x/logs/postgres.log", "textPayload": one} for one in _messages(text)
    ]
    return json.dumps(entries, indent=2)


def azure(text: str) -> str:
    made = [
        json.dumps({"category": "PostgreSQLLogs", "properties": {"errorLevel": "LOG", "message": one}})
        for one in _messages(text)
    ]
    return "\n".join(made) + "\n"


def cloudwatch_query(text: str) -> str:
    rows = [[{"field": "@message", "value": one}, {"field": "@ptr", "value": "Cl"}] for one in _messages(text)]
    return json.dumps({"results": rows, "status": "Complete"}, indent=4)


def cloudwatch_tail(text: str) -> str:
    return "".join(f"2024-05-01T10:00:00.123000+00:00 shop-db.0 {line}\n" for line in _lines(text))


def cloudwatch_tail_short(text: str) -> str:
    return "".join(f"2024-05-01T10:00:00 {line}\n" for line in _lines(text))


def service(text: str) -> str:
    return "".join(f"\x1b[36mshop_db.1.k3x@node-1    | \x1b[0m{line}\n" for line in _lines(text))


def pods(text: str) -> str:
    return "".join(f"[pod/db-0/postgres] {STAMP} {line}\n" for line in _lines(text))


def cloudnative_pg(text: str) -> str:
    made = [json.dumps({"level": "info", "logger": "instance-manager", "msg": "record"})]
    for one in _messages(text):
        time, zone, process, names, message = re.split(r"(?<=\d) (?=UTC)| \[|\] | LOG:  ", one, maxsplit=4)
        record = {
            "log_time": f"{time} {zone}",
            "user_name": names.split("@")[0],
            "database_name": names.split("@")[1],
            "process_id": process,
            "error_severity": "LOG",
            "message": message.replace("\n\t", "\n"),
        }
        made.append(json.dumps({"level": "info", "logger": "postgres", "msg": "record", "record": record}))
    return "\n".join(made) + "\n"


def journal(text: str) -> str:
    return "".join(json.dumps({"_PID": "1", "MESSAGE": one, "PRIORITY": "6"}) + "\n" for one in _messages(text))


def syslog(text: str) -> str:
    return _numbered(text, lambda at, part: f"May  1 10:00:0{at % 10} db1 postgres[{100 + at}]: [{at + 1}-{part}] ")


def syslog_5424(text: str) -> str:
    return _numbered(
        text, lambda at, part: f"<134>1 2024-05-01T10:00:0{at % 10}.123Z db1 postgres {100 + at} - - [{at + 1}-{part}] "
    )


def logplex(text: str) -> str:
    return _numbered(
        text,
        lambda at, part: (
            f"2024-05-01T10:00:0{at % 10}.123456+00:00 app[postgres.{100 + at}]: [DATABASE] [{at + 1}-{part}]  "
            + ("sql_error_code = 00000 " if part == 1 else "")
        ),
    )


def _numbered(text: str, lead: Callable[[int, int], str]) -> str:
    made = []
    at = -1
    for line in _lines(text):
        at, part = (at + 1, 1) if "LOG:  " in line else (at, part + 1)  # noqa: F821
        made.append(lead(at, part) + line.replace("\t", "#011") + "\n")
    return "".join(made)


def _empty_prefix(wrap: Callable[[str], str]) -> Callable[[str], str]:
    def wrapped(text: str) -> str:
        return wrap("\n".join(line[line.index("LOG:") :] if "LOG:  " in line else line for line in _lines(text)) + "\n")

    return wrapped


ENVELOPES: list[tuple[str, str, str, Callable[[str], str]]] = [
    *(
        (name, "postgres-stderr", POSTGRES, wrap)
        for name, wrap in (
            ("docker", docker),
            ("cri", cri),
            ("compose", compose),
            ("timestamps", stamped),
            ("cloudwatch", cloudwatch),
            ("cloudwatch", cloudwatch_lines),
            ("cloudwatch-csv", cloudwatch_csv),
            ("rds", rds),
            ("cloudsql", cloudsql),
            ("azure", azure),
            ("journal", journal),
            ("syslog", syslog),
            ("syslog", syslog_5424),
            ("logplex", logplex),
            ("compose", service),
            ("pods", pods),
            ("cloudwatch-query", cloudwatch_query),
            ("cloudwatch-tail", cloudwatch_tail),
            ("cloudwatch-tail-short", cloudwatch_tail_short),
        )
    ),
    ("cloudnative-pg", "postgres-json", POSTGRES, cloudnative_pg),
    *(
        (name, "postgres-stderr", BARE, _empty_prefix(wrap))
        for name, wrap in (
            ("syslog", syslog),
            ("syslog", syslog_5424),
            ("logplex", logplex),
        )
    ),
    *(
        (name, "mysql-slow", MYSQL, wrap)
        for name, wrap in (
            ("docker", docker),
            ("cri", cri),
            ("compose", compose),
            ("timestamps", stamped),
            ("cloudwatch", cloudwatch),
            ("cloudwatch-csv", cloudwatch_csv),
            ("rds", rds),
            ("cloudsql", cloudsql),
            ("journal", journal),
        )
    ),
]


def read(path: Path) -> Digest:
    return digest([str(path)], DigestOptions(samples=3), open_executor(1), NoProgress())


def facts(made: Digest) -> list[tuple[str, float, float, float]]:
    return sorted((one.text, one.calls, round(one.total_ms or 0, 3), one.max_ms or 0) for one in made.statements)


@pytest.mark.parametrize(("name", "form", "text", "wrap"), ENVELOPES)
def test_an_envelope_changes_nothing(
    name: str, form: str, text: str, wrap: Callable[[str], str], tmp_path: Path
) -> None:
    (tmp_path / "plain.log").write_text(text)
    (tmp_path / "wrapped.log").write_text(wrap(text))
    plain, wrapped = read(tmp_path / "plain.log"), read(tmp_path / "wrapped.log")
    assert (wrapped.sources[0].format, wrapped.sources[0].wrapper) == (form, name)
    assert plain.calls == 30
    assert facts(wrapped) == facts(plain)
    assert wrapped.sources[0].skipped == ()


LINES = st.lists(
    st.text(
        st.sampled_from("ab \t'\"\\{}[],:|#0é€𝄞") | st.characters(codec="utf-8", exclude_characters="\0\r\n"),
        min_size=1,
    )
    # what splitlines of the helpers above takes for the end of a line, and logs do not
    .filter(lambda line: len(line.splitlines()) == 1 and line == line.splitlines()[0]),
    min_size=1,
    max_size=12,
)
LINE_BY_LINE = {
    "docker": docker,
    "cri": cri,
    "compose": compose,
    "timestamps": stamped,
    "cloudwatch": cloudwatch_lines,
    "cloudwatch-csv": cloudwatch_csv,
    "cloudwatch-query": cloudwatch_query,
    "cloudwatch-tail-short": cloudwatch_tail_short,
    "cloudsql": cloudsql,
    "azure": azure,
    "journal": journal,
    "pods": pods,
}


@pytest.mark.parametrize("name", LINE_BY_LINE)
@given(LINES, st.lists(st.integers(0, 10_000), max_size=4))
@settings(deadline=None)
def test_lines_come_out_of_an_envelope_as_they_went_in(name: str, lines: list[str], cuts: list[int]) -> None:
    wrapped = LINE_BY_LINE[name]("\n".join(lines) + "\n").encode().splitlines(keepends=True)
    edges = sorted({0, len(wrapped), *(cut % len(wrapped) for cut in cuts)})
    unwrap = wrappers()[name].unwrap()
    parts = [b"".join(wrapped[start:end]) for start, end in pairwise(edges)]
    assert b"".join(map(unwrap, parts)).decode() == "\n".join(lines) + "\n"


def write_syslog(text: str) -> str:
    """A log of Postgres as ``write_syslog`` of the server cuts it, lines of several processes mixed."""
    messages: dict[str, list[str]] = {}
    for at, record in enumerate(
        re.split(r"^(?=2024-\S+ \S+ UTC \[\d+\] \S+ (?:LOG|ERROR):)", text, flags=re.MULTILINE)
    ):
        process = record.partition("[")[2].partition("]")[0]
        parts = [chunk for line in record.split("\n") for chunk in _chunks(line)]
        messages.setdefault(process, []).extend(
            f"May  1 10:00:00 db1 postgres[{process}]: [{at}-{part}] {chunk}\n" for part, chunk in enumerate(parts, 1)
        )
    return "".join(line for lines in zip_longest(*messages.values(), fillvalue="") for line in lines).replace(
        "\t", "#011"
    )


def _chunks(line: str) -> Iterator[str]:
    while len(line) > 900:
        size = line.rfind(" ", 1, 900)
        yield line[:size]
        line = line[size:]
    if line:
        yield line


def test_syslog_cuts_long_lines_and_mixes_processes(tmp_path: Path) -> None:
    text = "".join(
        f"2024-05-01 10:00:00.{at:03d} UTC [{100 + at % 3}] app@shop ERROR:  it went wrong\n"
        f"2024-05-01 10:00:00.{at:03d} UTC [{100 + at % 3}] app@shop STATEMENT:  SELECT\n\t{at}\n"
        f"2024-05-01 10:00:00.{at:03d} UTC [{100 + at % 3}] app@shop LOG:  duration: {at}.500 ms  execute <unnamed>: "
        f"SELECT {', '.join(f'column_{number}' for number in range(300))}\n\tFROM t\n\tWHERE id = $1\n"
        f"2024-05-01 10:00:00.{at:03d} UTC [{100 + at % 3}] app@shop DETAIL:  Parameters: $1 = 'a\n\t{at}'\n"
        for at in range(30)
    )
    (tmp_path / "plain.log").write_text(text)
    (tmp_path / "syslog").write_text(write_syslog(text))
    plain, wrapped = read(tmp_path / "plain.log"), read(tmp_path / "syslog")
    assert (wrapped.sources[0].wrapper, wrapped.sources[0].skipped, wrapped.errors) == ("syslog", (), 30)
    assert facts(wrapped) == facts(plain)
    assert {one.sql for one in wrapped.statements[0].samples} == {one.sql for one in plain.statements[0].samples}


@pytest.mark.parametrize("moment", ["May 01 10:00:00", "May 01 10:00:00.123456", "2024-05-01T10:00:00+0000"])
def test_journalctl_with_lines_that_go_on(moment: str, tmp_path: Path) -> None:
    (tmp_path / "journal").write_text(
        f"{moment} db1 systemd[1]: Started PostgreSQL.\n"
        f"{moment} db1 postgres[77]: [5-1] 2024-05-01 10:00:00.123 UTC [77] app@shop LOG:  duration: 5.000 ms  "
        f"statement: SELECT *\n{' ' * 40}FROM t\n{' ' * 40}WHERE id = 7\n"
        f"{moment} db1 postgres[77]: [6-1] 2024-05-01 10:00:01.123 UTC [77] app@shop LOG:  duration: 7.000 ms  "
        "statement: SELECT 1\n"
    )
    made = read(tmp_path / "journal")
    assert facts(made) == [("SELECT $1", 1, 7, 7), ("SELECT * FROM t WHERE id = $1", 1, 5, 5)]


def test_each_envelope_is_tried() -> None:
    assert {name for name, *_ in ENVELOPES} == set(wrappers())


def test_slow_queries_of_azure(tmp_path: Path) -> None:
    records = [
        {
            "category": "MySqlSlowLogs",
            "time": "2024-05-01T10:00:00Z",
            "properties": {
                "start_time_t": "2024-05-01T10:00:00Z",
                "query_time_d": 1.5,
                "lock_time_d": 0.25,
                "rows_sent_d": 3,
                "rows_examined_d": 1000,
                "db_s": "shop",
                "user_host_s": "app[app] @  [10.0.0.4]",
                "sql_text_s": f"SELECT * FROM orders WHERE id = {number}",
            },
        }
        for number in range(4)
    ]
    (tmp_path / "slow.json").write_text("".join(json.dumps(record) + "\n" for record in records))
    (statement,) = read(tmp_path / "slow.json").statements
    assert (statement.calls, statement.total_ms, statement.lock_ms, statement.rows_examined) == (4, 6000, 1000, 4000)
    assert [client.name for client in statement.databases] == ["shop"]


@pytest.mark.parametrize(
    ("text", "year"), [("May  1", 2024), ("May 20", 2024), ("May 21", 2023), ("Dec 31", 2023), ("Feb 29", 2023)]
)
def test_a_date_without_a_year_is_the_last_one(text: str, year: int) -> None:
    # 29 February of a year that has none is told by the year before; the time of such a line is wrong by then anyway
    today = datetime(2024, 5, 20, 12)
    if text == "Feb 29":
        today = datetime(2023, 12, 1)
        assert year_of(b"Feb 29", today) == 2022
        return
    assert year_of(" ".join(text.split()).encode(), today) == year
