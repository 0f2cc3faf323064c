"""The general query log of MySQL and MariaDB: every statement, without its duration."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import nan

import numpy as np

from dbtune.logs.batch import Batch
from dbtune.logs.mysql.times import epoch
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

STRAY_LINE = "a line that belongs to no event"

_COMMANDS = (
    rb"Query|Execute|Connect|Quit|Init DB|Prepare|Close stmt|Reset stmt|Statistics|Field List|Ping|Change user|"
    rb"Long Data|Fetch|Refresh|Shutdown|Processlist|Kill|Debug|Binlog Dump(?: GTID)?|Register Slave|Set option|"
    rb"Create DB|Drop DB|Daemon|Delayed insert|Sleep|Time|Table Dump|Connect Out|Error|Reset connection"
)
_TIME = rb"\d{6} [ \d]\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)"
_START = re.compile(
    rb"^(?:(" + _TIME + rb")[ \t]+|[ \t]+)(\d+) (" + _COMMANDS + rb")(?:[ \t]+([^\n]*))?$", re.MULTILINE
)
_BOUNDARY = re.compile(
    rb"^(?=(?:(?:" + _TIME + rb")[ \t]+|[ \t]+)\d+ (?:" + _COMMANDS + rb")(?:[ \t]|$))", re.MULTILINE
)
_BANNER = re.compile(rb"^(?:\S+, Version: .* started with:|Tcp port: |T(?:cp p|CP P)ort|Time[ \t]+Id +Command)")
_CONNECT = re.compile(rb"(\S*?)@(\S*)(?: +(?:as anonymous )?on (\S+)?)?")
_EXECUTE = re.compile(rb"(?:\s|/\*.*?\*/)*+EXECUTE\s", re.IGNORECASE | re.DOTALL)
"""The command of SQL: a line of its own tells the statement that it executes."""

MOST_SESSIONS = 50_000


@dataclass(frozen=True)
class GeneralLayout:
    """Nothing of it differs from log to log."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return _BOUNDARY

    def reader(self) -> Reader:
        return GeneralReader()


@log_format("mysql-general", title="general query log of MySQL or MariaDB", dialect="mysql")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """Lines of a number and a command."""
    found = len(_START.findall(head))
    return None if not found else Sniffed(0.9 if found > 2 else 0.7, GeneralLayout())


@dataclass
class _Session:
    user: bytes = b""
    host: bytes = b""
    database: bytes = b""


class GeneralReader:
    """Keeps who the sessions are, and the last time: a line of the same second has none."""

    def __init__(self) -> None:
        self._sessions: dict[bytes, _Session] = {}
        self._time = nan

    def finish(self) -> Batch:
        """Events are whole: nothing waits."""
        return Batch()

    def read(self, block: bytes) -> Batch:
        """The statements of the block; what was prepared counts where it is executed."""
        block = block.replace(b"\r\n", b"\n")
        starts = list(_START.finditer(block))
        skipped: Counter[str] = Counter()
        before = block[: starts[0].start()] if starts else block
        strays = [line for line in before.splitlines() if line.strip() and not _BANNER.match(line)]
        if strays:
            skipped[STRAY_LINE] += len(strays)
        events: list[tuple[bytes, float, bytes, _Session]] = []
        for hit, end in zip(starts, [*(one.start() for one in starts[1:]), len(block)], strict=True):
            if hit[1]:
                self._time = epoch(hit[1])
            text = ((hit[4] or b"") + block[hit.end() : end]).rstrip(b"; \n\t")
            session = self._session(hit[2], hit[3], text)
            if text and (hit[3] == b"Execute" or (hit[3] == b"Query" and not _EXECUTE.match(text))):
                events.append((text, self._time, hit[2], _Session(session.user, session.host, session.database)))
        return Batch(
            texts=[text for text, _, _, _ in events],
            ms=np.full(len(events), nan),
            times=np.array([time for _, time, _, _ in events], np.float64),
            users=[session.user for _, _, _, session in events],
            databases=[session.database for _, _, _, session in events],
            hosts=[session.host for _, _, _, session in events],
            sessions=[number for _, _, number, _ in events],
            skipped=skipped,
        )

    def _session(self, number: bytes, command: bytes, text: bytes) -> _Session:
        if len(self._sessions) > MOST_SESSIONS:
            self._sessions.clear()
        session = self._sessions.setdefault(number, _Session())
        if command in (b"Connect", b"Change user") and (hit := _CONNECT.match(text)):
            session.user, session.host, session.database = hit[1], hit[2], hit[3] or b""
        elif command == b"Init DB":
            session.database = text.strip(b"`")
        elif command == b"Query" and text[:4].lower() == b"use ":
            session.database = text[4:].strip(b"` ")
        elif command == b"Quit":
            self._sessions.pop(number, None)
        return session
