"""The events of one block of a log, as columns: what every format gives and the tally takes.

A column is as long as ``texts``; None means that the log never has it. In a column of numbers NaN is "not known for
this event"; in a column of names the empty bytes are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dbtune.model.digest import IncidentKind

Numbers = npt.NDArray[np.float64]
Names = list[bytes]


@dataclass(frozen=True)
class IncidentEvent:
    """Something that went wrong, once. ``amount``: ms waited, bytes written, or zero; ``text``: the statement.

    User, database and host are empty where the log does not say.
    """

    kind: IncidentKind
    time: float
    amount: float = 0.0
    text: bytes = b""
    detail: bytes = b""
    user: bytes = b""
    database: bytes = b""
    host: bytes = b""


@dataclass
class Batch:
    """Events in the order of the log. Numbers are per call; ``calls`` weighs them."""

    texts: list[bytes] = field(default_factory=list)
    """Statements as they were sent, with their literals."""
    ms: Numbers = field(default_factory=lambda: np.empty(0))
    """Duration; NaN where there is none (the statement failed, or the log leaves durations out)."""
    times: Numbers = field(default_factory=lambda: np.empty(0))
    """When it was logged, in seconds since the epoch."""
    calls: Numbers | None = None
    """How many calls the event stands for (rate limits, totals); None: one each."""
    lock_ms: Numbers | None = None
    rows_sent: Numbers | None = None
    rows_examined: Numbers | None = None
    rows_affected: Numbers | None = None
    bytes_sent: Numbers | None = None
    temporary_bytes: Numbers | None = None
    errors: Numbers | None = None
    """1 where the call failed."""
    max_ms: Numbers | None = None
    """Only for totals: the longest of the calls."""
    first_times: Numbers | None = None
    """Only for totals: when the first of the calls was, where ``times`` is that of the last."""
    users: Names | None = None
    databases: Names | None = None
    hosts: Names | None = None
    """Without the port."""
    sessions: Names | None = None
    """What tells one connection from another: a process id, a thread id."""
    parameters: dict[int, bytes] = field(default_factory=dict)
    """Event's position to the values of its parameters, as in the DETAIL line: ``$1 = 'x', $2 = NULL``."""
    plans: dict[int, bytes] = field(default_factory=dict)
    """Event's position to what auto_explain wrote, text or JSON."""
    totals: bool = False
    """The events are totals of many calls each: no percentiles, no timeline, no bursts."""
    incidents: list[IncidentEvent] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    """Why parts of the block gave no event, and how often. Reasons are few and fixed."""

    def __len__(self) -> int:
        return len(self.texts)

    def chosen(self, mask: npt.NDArray[np.bool_]) -> Batch:
        """The events where ``mask`` is true; incidents and what was skipped stay."""
        kept = np.flatnonzero(mask)
        places = {int(old): new for new, old in enumerate(kept)}
        listed = kept.tolist()

        def names(column: Names | None) -> Names | None:
            return None if column is None else [column[at] for at in listed]

        def numbers(column: Numbers | None) -> Numbers | None:
            return None if column is None else column[kept]

        return Batch(
            texts=[self.texts[at] for at in listed],
            ms=self.ms[kept],
            times=self.times[kept],
            calls=numbers(self.calls),
            lock_ms=numbers(self.lock_ms),
            rows_sent=numbers(self.rows_sent),
            rows_examined=numbers(self.rows_examined),
            rows_affected=numbers(self.rows_affected),
            bytes_sent=numbers(self.bytes_sent),
            temporary_bytes=numbers(self.temporary_bytes),
            errors=numbers(self.errors),
            max_ms=numbers(self.max_ms),
            first_times=numbers(self.first_times),
            users=names(self.users),
            databases=names(self.databases),
            hosts=names(self.hosts),
            sessions=names(self.sessions),
            parameters={places[at]: value for at, value in self.parameters.items() if at in places},
            plans={places[at]: value for at, value in self.plans.items() if at in places},
            totals=self.totals,
            incidents=self.incidents,
            skipped=self.skipped,
        )


MOST_REMEMBERED = 1 << 15


class _Remembered(dict[bytes, float]):
    """Numbers by their digits: counts, sizes and whole seconds come again and again, and are read quicker from here."""

    def __missing__(self, digits: bytes) -> float:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        value = self[digits] = float(digits or b"nan")
        return value


_remembered = _Remembered()


def numbers(column: Sequence[bytes], *, scale: float = 1.0, repeated: bool = False) -> Numbers:
    """A column of digits as numbers, times ``scale``; the empty bytes become NaN. Raises ValueError for others.

    ``repeated``: few values are new.
    """
    if repeated:
        values = np.fromiter(map(_remembered.__getitem__, column), np.float64, len(column))
    else:
        filled = [value or b"nan" for value in column] if b"" in column else column
        values = np.fromiter(map(float, filled), np.float64, len(filled))
    return values if scale == 1.0 else values * scale


def numbers_or_nan(column: Sequence[bytes], *, scale: float = 1.0, repeated: bool = False) -> Numbers:
    """Like ``numbers``, with NaN for what is no number (``18446744073708.796870.000036`` is known of old servers)."""
    try:
        return numbers(column, scale=scale, repeated=repeated)
    except ValueError:
        return np.array([_number(value) for value in column]) * scale


def _number(value: bytes) -> float:
    try:
        return float(value)
    except ValueError:
        return np.nan
