"""From the records of a Postgres log to events: what belongs together in a session becomes one.

A statement may take several records: parse, bind and execute of the extended protocol; a statement that
``log_statement`` wrote and the duration that comes later; the plan of auto_explain and the duration after it; a wait
for a lock when it began to be long and when it was over. Source of the messages: ``src/backend/tcop/postgres.c``,
``storage/lmgr/proc.c``, ``storage/file/fd.c`` and ``contrib/auto_explain``.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np

from dbtune.logs.batch import Batch, IncidentEvent
from dbtune.model.digest import IncidentKind

ERROR_WITHOUT_STATEMENT = "an error without its statement"

PLAN_WITHOUT_STATEMENT = "a plan of auto_explain without its statement"

MOST_SESSIONS = 50_000
"""Sessions of which something is waited for; more are forgotten, all at once."""


class Record(NamedTuple):
    """One record with the lines that belong to it; what the log does not have is empty."""

    time: float
    session: bytes
    user: bytes
    database: bytes
    host: bytes
    severity: bytes
    message: bytes
    detail: bytes = b""
    statement: bytes = b""


_WORDS = (
    ("duration", "Dauer", "durée", "duración", "длительность", "duração", "durata", "期間"),
    ("statement", "Anweisung", "instruction", "sentencia", "оператор", "comando", "istruzione", "文"),
)
_EXECUTED = (*_WORDS[1], "execute fetch from", "execute")
_TIMED = (*_EXECUTED, "parse", "bind", "plan", "fastpath function call")
_DURATION = re.compile(
    rf"(?:{'|'.join(_WORDS[0])}) ?: ([\d.]+) ms"
    rf"(?:[, ] ?(?P<kind>{'|'.join(_TIMED)})(?: (?P<name>[^:\n]*))?:[ \n]?(?P<text>.*))?\Z".encode(),
    re.DOTALL,
)
_STATEMENT = re.compile(rf"(?:{'|'.join(_EXECUTED)})(?: [^:\n]*)? ?: (?P<text>.*)\Z".encode(), re.DOTALL)
_PARAMETERS = re.compile(rb"(?:[Pp]arameter[s:]?|[Pp]aram[^:$]{3,8}) ?:? ?(\$1 = .*)\Z", re.DOTALL)
_QUERY_TEXT = re.compile(rb"\s*Query Text: (.*?)\n(?=[^\n]*\(cost=|Query Parameters: \$)", re.DOTALL)
_QUOTED_QUERY = re.compile(rb'"?Query Text"?: "((?:[^"\\]|\\.)*)"')
"""In JSON and YAML, which quotes it in the same way."""
_XML_QUERY = re.compile(rb"<Query-Text>(.*?)</Query-Text>", re.DOTALL)
_QUERY_PARAMETERS = re.compile(
    rb"\"?Query Parameters\"?: \"((?:[^\"\\]|\\.)*)\"|<Query-Parameters>(.*?)</Query-Parameters>"
    rb"|Query Parameters: ((?:\$\d+ = (?:NULL|'(?:[^']|'')*+'(?:\.\.\.)?)(?:, )?)+)",
    re.DOTALL,
)
_LOCK = re.compile(rb"process \d+ (still waiting for|acquired) (.*?) after ([\d.]+) ms", re.DOTALL)
_TEMPORARY = re.compile(rb"temporary file: path \"[^\"]*\", size (\d+)")
_CANCELLED = re.compile(rb"canceling statement due to (.*)|terminating connection due to (conflict with recovery)")
_LOG = frozenset({b"LOG", "ЛОГ".encode(), "СООБЩЕНИЕ".encode()})
_ERRORS = frozenset({b"ERROR", b"FATAL", b"PANIC", b"FEHLER", b"ERREUR", "ОШИБКА".encode(), b"ERRO", b"ERRORE"})


@dataclass
class _Event:
    """An event that may still get more."""

    text: bytes
    ms: float
    record: Record
    parameters: bytes = b""
    plan: bytes = b""
    temporary: float = nan


class Records:
    """Takes records in the order of the log and gives batches of what is complete."""

    def __init__(self) -> None:
        self._events: list[_Event] = []
        self._failed: set[int] = set()
        self._incidents: list[IncidentEvent] = []
        self._preparing: dict[bytes, float] = {}
        self._announced: dict[bytes, _Event] = {}
        self._planned: dict[bytes, _Event] = {}
        self._waits: dict[bytes, IncidentEvent] = {}
        self._temporary: dict[bytes, float] = {}
        self.skipped: Counter[str] = Counter()

    @property
    def is_waiting(self) -> bool:
        """Something that was read has to do with records that come later."""
        return bool(self._preparing or self._announced or self._planned or self._waits or self._temporary)

    def add(self, record: Record) -> None:
        """Take the next record."""
        if record.severity in _ERRORS:
            self._error(record)
            return
        if record.severity not in _LOG:
            return
        message = record.message
        if hit := _DURATION.match(message):
            kind = (hit["kind"] or b"").decode()
            text = hit["text"] or b""
            if kind == "plan":
                self._plan(record, float(hit[1]), text)
            elif kind in ("parse", "bind"):
                self.prepared(record.session, float(hit[1]))
            elif kind:
                self.executed(record, float(hit[1]), text, parameters_of(record.detail))
            else:
                self._late_duration(record, float(hit[1]))
        elif hit := _STATEMENT.match(message):
            self._settle(record.session)
            self._announced[record.session] = _Event(hit["text"], nan, record, parameters_of(record.detail))
        elif hit := _LOCK.match(message):
            self._wait(record, over=hit[1] == b"acquired", lock=hit[2], ms=float(hit[3]))
        elif hit := _TEMPORARY.match(message):
            size = float(hit[1])
            self._temporary[record.session] = self._temporary.get(record.session, 0.0) + size
            self._incidents.append(_incident("temporary_file", record, size))

    def prepared(self, session: bytes, ms: float) -> None:
        """Parse or bind: its time belongs to the execution that follows."""
        self._preparing[session] = self._preparing.get(session, 0.0) + ms

    def executed(self, record: Record, ms: float, text: bytes, parameters: bytes) -> None:
        """A statement that has ended after ``ms``."""
        session = record.session
        event = _Event(text, ms + self._preparing.pop(session, 0.0), record, parameters)
        event.temporary = self._temporary.pop(session, nan)
        planned = self._planned.pop(session, None)
        if planned is not None:
            if planned.text.strip() == text.strip():
                event.plan = planned.plan
                event.parameters = event.parameters or planned.parameters
            else:
                self._events.append(planned)
        self._announced.pop(session, None)
        self._settle_wait(session)
        self._events.append(event)

    def batch(self) -> Batch:
        """What is complete so far, taken out."""
        events, failed = self._events, self._failed
        if self._too_many():
            self._forget()
        made = Batch(
            texts=[event.text for event in events],
            ms=np.array([event.ms for event in events], np.float64),
            times=np.array([event.record.time for event in events], np.float64),
            users=[event.record.user for event in events],
            databases=[event.record.database for event in events],
            hosts=[event.record.host for event in events],
            sessions=[event.record.session for event in events],
            parameters={at: event.parameters for at, event in enumerate(events) if event.parameters},
            plans={at: event.plan for at, event in enumerate(events) if event.plan},
            incidents=self._incidents,
            skipped=self.skipped,
        )
        if failed:
            made.errors = np.array([float(at in failed) for at in range(len(events))])
        temporary = np.array([event.temporary for event in events], np.float64)
        if not np.isnan(temporary).all():
            made.temporary_bytes = temporary
        self._events, self._failed, self._incidents, self.skipped = [], set(), [], Counter()
        return made

    def finish(self) -> Batch:
        """What waited for more that never came, with all that is complete."""
        for session in list(dict.fromkeys([*self._announced, *self._planned, *self._waits])):
            self._settle(session)
        return self.batch()

    def _error(self, record: Record) -> None:
        session = record.session
        self._preparing.pop(session, None)
        self._announced.pop(session, None)
        self._settle_wait(session)
        if hit := _CANCELLED.match(record.message):
            reason = hit[1] or hit[2]
            self._incidents.append(_incident("cancelled", record, detail=reason))
        elif record.message.startswith(b"deadlock detected"):
            self._incidents.append(_incident("deadlock", record))
        if record.statement:
            self._failed.add(len(self._events))
            self._events.append(_Event(record.statement, nan, record))
        else:
            self.skipped[ERROR_WITHOUT_STATEMENT] += 1

    def _plan(self, record: Record, ms: float, plan: bytes) -> None:
        self._settle_plan(record.session)
        parameters = text = b""
        if hit := _QUERY_PARAMETERS.search(plan):
            parameters = hit[3] or (_unescaped(hit[1]) if hit[1] else _plain_xml(hit[2] or b""))
        # in text, the statement stands as it is, and may hold what looks like the other forms
        if hit := _QUERY_TEXT.match(plan):
            text = hit[1]
        elif hit := _XML_QUERY.search(plan):
            text = _plain_xml(hit[1])
        elif hit := _QUOTED_QUERY.search(plan):
            text = _unescaped(hit[1])
        if not text:
            self.skipped[PLAN_WITHOUT_STATEMENT] += 1
        else:
            self._planned[record.session] = _Event(text, ms, record, parameters, plan)

    def _late_duration(self, record: Record, ms: float) -> None:
        """A duration alone: that of the statement that the session announced."""
        announced = self._announced.pop(record.session, None)
        if announced is not None:
            self.executed(announced.record._replace(time=record.time), ms, announced.text, announced.parameters)

    def _wait(self, record: Record, *, over: bool, lock: bytes, ms: float) -> None:
        event = _incident("lock_wait", record, ms, lock)
        if over:
            self._waits.pop(record.session, None)
            self._incidents.append(event)
        else:
            self._settle_wait(record.session)
            self._waits[record.session] = event

    def _settle(self, session: bytes) -> None:
        """What the session waited with is over without more."""
        self._settle_plan(session)
        self._settle_wait(session)
        announced = self._announced.pop(session, None)
        if announced is not None:
            self._events.append(announced)

    def _settle_plan(self, session: bytes) -> None:
        planned = self._planned.pop(session, None)
        if planned is not None:
            self._events.append(planned)

    def _settle_wait(self, session: bytes) -> None:
        wait = self._waits.pop(session, None)
        if wait is not None:
            self._incidents.append(wait)

    def _too_many(self) -> bool:
        return len(self._preparing) + len(self._announced) + len(self._temporary) > MOST_SESSIONS

    def _forget(self) -> None:
        self._preparing.clear()
        self._temporary.clear()
        self._announced.clear()


def _incident(kind: IncidentKind, record: Record, amount: float = 0.0, detail: bytes = b"") -> IncidentEvent:
    return IncidentEvent(kind, record.time, amount, record.statement, detail, record.user, record.database, record.host)


def parameters_of(detail: bytes) -> bytes:
    """``$1 = '...', ...`` where the detail gives parameters, else nothing."""
    hit = _PARAMETERS.match(detail)
    return hit[1] if hit else b""


def _plain_xml(text: bytes) -> bytes:
    """The text of an XML element, as the server escapes it."""
    for escaped, plain in ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&#x0d;", b"\r"), (b"&amp;", b"&")):
        text = text.replace(escaped, plain)
    return text


def _unescaped(text: bytes) -> bytes:
    """The content of a JSON string."""
    try:
        return str(json.loads(b'"' + text + b'"')).encode()
    except ValueError:
        return text
