"""Events of slow and general logs come back the same however the log is cut into pieces and blocks."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.cutting import Cutter, pieces_of
from dbtune.logs.registry import LayoutOptions, recognise
from dbtune.logs.sources import find_logs
from tests.logs.mysql.generated import Event, general_logs, lines_of, slow_logs

SETTLED = settings(deadline=None, max_examples=100)
PIECE_BYTES, READ_BYTES = st.integers(60, 1500), st.integers(20, 700)
Found = tuple[str, str, str, int | None]


def events_of(log: bytes, form: str, piece_bytes: int, read_bytes: int) -> tuple[list[Found], list[str]]:
    """Statement, user, database and ms of each event, and what was skipped."""
    found: list[Found] = []
    skipped: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(log)
        (file,), _ = find_logs([str(path)])
        recognised = recognise(file.head(), file.name, LayoutOptions(), form)
        for piece in pieces_of(file, recognised, 0, piece_bytes):
            reader = piece.layout.reader()
            cutter = Cutter(piece, read_bytes=read_bytes, priming_bytes=len(log))
            for block in cutter.blocks():
                batch = reader.read(block.content)
                if block.priming:
                    continue
                skipped += batch.skipped
                columns = (batch.texts, batch.users or [], batch.databases or [], batch.ms.tolist())
                found += [
                    (text.decode(), user.decode(), database.decode(), None if ms != ms else round(ms))
                    for text, user, database, ms in zip(*columns, strict=True)
                ]
            skipped += cutter.skipped
    return found, skipped


def wanted(events: list[Event]) -> list[Found]:
    return [(lines_of(one.statement), one.user, one.database, one.ms) for one in events]


@given(slow_logs(), PIECE_BYTES, READ_BYTES)
@SETTLED
def test_slow_logs(events: list[Event], piece_bytes: int, read_bytes: int) -> None:
    log = "".join(event.log for event in events).encode()
    assert events_of(log, "mysql-slow", piece_bytes, read_bytes) == (wanted(events), [])


@given(general_logs(), PIECE_BYTES, READ_BYTES)
@SETTLED
def test_general_logs(events: list[Event], piece_bytes: int, read_bytes: int) -> None:
    log = "".join(event.log for event in events).encode()
    assert events_of(log, "mysql-general", piece_bytes, read_bytes) == (wanted(events), [])
