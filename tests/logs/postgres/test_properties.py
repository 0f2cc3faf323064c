"""Any events, written as a Postgres server writes them, come back the same however the log is cut."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.cutting import Cutter, pieces_of
from dbtune.logs.formats.postgres_csv import CsvLayout
from dbtune.logs.formats.postgres_json import JsonLayout
from dbtune.logs.formats.postgres_stderr import StderrLayout
from dbtune.logs.registry import Layout, LayoutOptions, LogFormat, NoLog, Recognised, formats, recognise, wrappers
from dbtune.logs.sources import find_logs

PREFIX = "%m [%p] %q%u@%d "
Found = tuple[str, float, str, str, str, str, bool]
"""Text, ms, parameters, session, user, database, whether it failed."""


@dataclass(frozen=True)
class Event:
    """One execution: in the extended protocol where it has parameters, with an error where it failed."""

    text: str
    tenths: int
    session: int
    parameter: str | None = None
    failed: bool = False

    def records(self) -> Iterator[tuple[str, str, str, str]]:
        """Severity, message, detail and statement of each."""
        detail = "" if self.parameter is None else "Parameters: $1 = '" + self.parameter.replace("'", "''") + "'"
        if self.failed:
            yield "ERROR", "it went wrong", "", self.text
        elif self.parameter is None:
            yield "LOG", f"duration: {self.tenths}.000 ms  statement: {self.text}", "", ""
        else:
            yield "LOG", f"duration: 0.000 ms  parse <unnamed>: {self.text}", "", ""
            yield "LOG", f"duration: {self.tenths}.250 ms  bind <unnamed>: {self.text}", detail, ""
            yield "LOG", f"duration: {self.tenths}.500 ms  execute <unnamed>: {self.text}", detail, ""

    def found(self) -> Found:
        ms = -1.0 if self.failed else self.tenths + (0.0 if self.parameter is None else self.tenths + 0.75)
        value = "" if self.parameter is None or self.failed else self.parameter.replace("'", "''")
        detail = f"$1 = '{value}'" if self.parameter is not None and not self.failed else ""
        return self.text, ms, detail, str(self.session), "app", "shop", self.failed


# no byte that a server would not write: a statement has no NUL, and a lone carriage return ends a line nowhere
TEXT = st.text(st.sampled_from("ab '\"\\\t\n;|,:{}[]%$#1é€𝄞") | st.characters(codec="utf-8", exclude_characters="\0\r"))
HARD = st.sampled_from(
    [
        "x\nLOG:  duration: 1.000 ms  statement: SELECT evil",
        "x\n2024-05-01 10:00:00.123 UTC [7] app@shop LOG:  duration: 1.000 ms  statement: SELECT evil",
        'x"\n2024-05-01 10:00:00.123 UTC,"app","shop",7,"[local]",6b05a5b7.3a95,1,"SELECT",',
        '{"timestamp":"2024-05-01 10:00:00.123 UTC","error_severity":"LOG","message":"y"}',
        "\nDETAIL:  Parameters: $1 = 'no'",
        "\\",
        '""',
    ]
)
EVENTS = st.lists(
    st.builds(
        Event,
        text=st.tuples(TEXT | HARD, TEXT).map(lambda parts: "SELECT " + "".join(parts) + ";"),
        tenths=st.integers(0, 10**6),
        session=st.integers(100, 104),
        parameter=st.none() | TEXT | HARD,
        failed=st.booleans(),
    ),
    max_size=12,
)


def _moment(at: int) -> str:
    return f"2024-05-01 10:{at // 60 % 60:02d}:{at % 60:02d}.123 UTC"


def stderr(events: Sequence[Event]) -> str:
    parts = []
    for at, event in enumerate(events):
        for severity, message, detail, statement in event.records():
            for word, said in ((severity, message), ("DETAIL", detail), ("STATEMENT", statement)):
                if said:
                    lead = f"{_moment(at)} [{event.session}] app@shop "
                    parts.append(f"{lead}{word}:  " + said.replace("\n", "\n\t") + "\n")
    return "".join(parts)


def csvlog(events: Sequence[Event]) -> str:
    made = StringIO(newline="")
    quoted = csv.writer(made, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)

    def cell(text: str) -> str:
        made.seek(0)
        made.truncate()
        quoted.writerow([text, ""])
        plain = made.getvalue()[:-2]
        return plain if plain.startswith('"') or not text else f'"{text}"'

    rows = []
    for at, event in enumerate(events):
        for severity, message, detail, statement in event.records():
            code = "00000" if severity == "LOG" else "42P01"
            cells = [
                *(_moment(at), '"app"', '"shop"', str(event.session), '"[local]"', f"6b05a5b7.{event.session:x}"),
                *(str(at), '"SELECT"', _moment(0)[:19] + " UTC", "3/7", "0", severity, code, cell(message)),
                *(cell(detail), "", "", "", "", cell(statement), "", "", '""', '"client backend"', "", "0"),
            ]
            rows.append(",".join(cells) + "\n")
    return "".join(rows)


def jsonlog(events: Sequence[Event]) -> str:
    lines = []
    for at, event in enumerate(events):
        for severity, message, detail, statement in event.records():
            made = {
                "timestamp": _moment(at),
                "user": "app",
                "dbname": "shop",
                "pid": event.session,
                "remote_host": "[local]",
                "session_id": f"6b05a5b7.{event.session:x}",
                "line_num": at,
                "error_severity": severity,
                "message": message,
                **({"detail": detail} if detail else {}),
                **({"statement": statement} if statement else {}),
                "backend_type": "client backend",
                "query_id": 0,
            }
            lines.append(json.dumps(made, separators=(",", ":"), ensure_ascii=False) + "\n")
    return "".join(lines)


FORMS: dict[str, tuple[Callable[[Sequence[Event]], str], Layout]] = {
    "postgres-stderr": (stderr, StderrLayout(PREFIX)),
    "any prefix": (stderr, StderrLayout(None)),
    "postgres-csv": (csvlog, CsvLayout()),
    "postgres-json": (jsonlog, JsonLayout()),
}


def read(content: bytes, layout: Layout, piece_bytes: int, read_bytes: int) -> list[Found]:
    """What all pieces give, each read on its own."""
    form = LogFormat("any", "any", "postgres", lambda head, options: None, whole=False)
    found: list[Found] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(content)
        (log,), _ = find_logs([str(path)])
        for piece in pieces_of(log, Recognised(form, layout, None), 0, piece_bytes):
            reader = layout.reader()
            batches = []
            for block in Cutter(piece, read_bytes=read_bytes).blocks():
                batch = reader.read(block.content)
                if not block.priming:
                    batches.append(batch)
            if piece.last:
                batches.append(reader.finish())
            for batch in batches:
                assert not batch.skipped
                for at, text in enumerate(batch.texts):
                    failed = batch.errors is not None and batch.errors[at] == 1
                    names = (column[at].decode() if column else "" for column in (batch.users, batch.databases))
                    assert batch.sessions is not None
                    found.append(
                        (
                            text.decode(),
                            -1.0 if failed else round(float(batch.ms[at]), 3),
                            batch.parameters.get(at, b"").decode(),
                            batch.sessions[at].decode(),
                            *names,
                            failed,
                        )
                    )
    return found


@pytest.mark.parametrize("name", FORMS)
@given(EVENTS, st.integers(30, 3000), st.integers(1, 2000))
@settings(deadline=None, max_examples=100)
def test_events_come_back_however_the_log_is_cut(
    name: str, events: list[Event], piece_bytes: int, read_bytes: int
) -> None:
    write, layout = FORMS[name]
    found = read(write(events).encode(), layout, piece_bytes, read_bytes)
    assert sorted(found) == sorted(event.found() for event in events)


@pytest.mark.parametrize("name", [name for name in FORMS if name.startswith("postgres")])
@given(EVENTS.filter(bool))
@settings(deadline=None, max_examples=50)
def test_the_format_is_recognised_by_any_of_its_logs(name: str, events: list[Event]) -> None:
    assert recognise(FORMS[name][0](events).encode(), "log", LayoutOptions()).format.name == name


SIGNS = st.sampled_from(
    [
        *(
            b"2024-05-01 10:00:00.123 UTC",
            b" [1] ",
            b"LOG:  ",
            b"duration: 1.0 ms  statement: ",
            b"\n",
            b"\n\t",
            b"\r\n",
        ),
        *(
            b"# Time: ",
            b"# User@Host: ",
            b"# Query_time: 1",
            b'"@message"',
            b'"message":"',
            b'{"log":"',
            b"{",
            b"}",
            b",",
        ),
        *(b'"', b"\\", b"\0", b"\xff\xfe", b"May  1 10:00:00 h postgres[1]: [1-1] ", b"2024-05-01T10:00:00Z stdout F "),
        *(
            b"db-1  | ",
            b'"textPayload": "',
            b'"logName": "',
            b'"category": "PostgreSQLLogs"',
            b"query,calls,total_time\n",
        ),
        *(
            b"2024-05-01T10:00:00+00:00 app[postgres.1]: [DATABASE] [5-1] ",
            b"SELECT 1;",
            b"\x1b[0m",
            b"Feb 29 25:61:61 ",
        ),
    ]
)


@given(st.lists(SIGNS | st.binary(max_size=20), max_size=40).map(b"".join))
@settings(deadline=None, max_examples=400)
def test_any_bytes_are_a_log_or_none(head: bytes) -> None:
    for prefix in (None, "%m [%p] "):
        try:
            recognised = recognise(head, "log", LayoutOptions(prefix))
        except NoLog:
            continue
        # and what is taken for one can be read
        unwrap = bytes if recognised.wrapper is None else recognised.wrapper.unwrap()
        reader = recognised.layout.reader()
        reader.read(unwrap(head))
        reader.finish()
    for form in formats().values():
        form.sniff(head, LayoutOptions())
    for wrapper in wrappers().values():
        wrapper.sniff(head)
        if head.endswith(b"\n") and wrapper.sniff(head):
            wrapper.unwrap()(head)
