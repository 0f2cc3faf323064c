"""A log cut into pieces that can be read apart, and a piece into blocks of whole events.

An event belongs to the piece in which it starts. It starts where a match of the layout's boundary ends, or at the
start of the log. With an envelope around the lines, it belongs to the piece in which its first line starts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import BinaryIO, Literal

from dbtune.logs.pieces import PIECE_BYTES, PRIMING_BYTES, Block, Piece
from dbtune.logs.registry import Recognised, wrappers
from dbtune.logs.sources import CUT_SHORT, LogFile, open_log

READ_BYTES = 1 << 19
"""Read at once: large enough for the cost of a block not to matter, small enough for the rows of one to be few."""

LONGEST_EVENT = 4 << 20
KEPT_OF_LONGEST = 1 << 20
TOO_LONG = "an event of more than 4 MB, of which the first 1 MB was read"
NULS = "a run of NUL bytes, as in a file that was truncated while it was written"

_LOOK_BACK = 1 << 14
_SHORT_LOOK_BACK = 1 << 11
_NULS = re.compile(rb"\0+")
_BOM = b"\xef\xbb\xbf"

Phase = Literal["priming", "own", "after", "end"]
Source = Iterator[tuple[Phase, bytes]]


def pieces_of(log: LogFile, recognised: Recognised, source: int, piece_bytes: int = PIECE_BYTES) -> list[Piece]:
    """The pieces of a log, in order; one for what can only be read from its start."""
    wrapper = None if recognised.wrapper is None else recognised.wrapper.name

    def piece(start: int, end: int | None) -> Piece:
        return Piece(log.name, start, end, log.compression, wrapper, recognised.layout, source, end is None)

    if log.compression is not None or log.size is None or recognised.format.whole:
        return [piece(0, None)]
    starts = list(range(0, max(1, log.size), piece_bytes))
    return [piece(start, end) for start, end in zip(starts, [*starts[1:], None], strict=True)]


class Cutter:
    """Cuts one piece. ``skipped`` and ``bytes`` are complete when ``blocks`` is at its end."""

    def __init__(
        self,
        piece: Piece,
        stdin: BinaryIO | None = None,
        *,
        read_bytes: int = READ_BYTES,
        priming_bytes: int = PRIMING_BYTES,
        longest_event: int = LONGEST_EVENT,
        kept_of_longest: int = KEPT_OF_LONGEST,
    ) -> None:
        self.skipped: Counter[str] = Counter()
        self.bytes = 0
        """Of the piece, as they lie in the (decompressed) log."""
        self._piece = piece
        self._stdin = stdin
        self._boundary = piece.layout.boundary
        self._read_bytes = read_bytes
        self._priming_bytes = priming_bytes
        self._longest_event = longest_event
        self._kept_of_longest = kept_of_longest

    def blocks(self) -> Iterator[Block]:
        """The piece's blocks, in order, after those that prepare the reader. Raises UsageError for a missing file."""
        buffer = b""
        edge = 0  # where the piece begins in the buffer
        limit: int | None = None  # where it ends there, once that is read
        started = self._piece.start == 0
        skipping = False
        for phase, content in self._inner_to_the_end():
            if phase == "after" and limit is None:
                limit = len(buffer)
            buffer += content
            if phase == "priming":
                edge = len(buffer)
                continue
            if not started:
                own = self._next_boundary(buffer, edge)
                if own is None and limit is None and len(buffer) - edge > self._longest_event:
                    # nothing but the middle of an event of the piece before
                    buffer, edge = buffer[-_LOOK_BACK:], 1
                if own is None and phase != "end":
                    continue
                if own is None or (limit is not None and own >= limit):
                    return
                yield Block(self._priming(buffer, own), priming=True)
                buffer, limit, started = buffer[own:], None if limit is None else limit - own, True
            if skipping:
                start = self._next_boundary(buffer, 1)
                if start is None:
                    buffer, limit = buffer[-_LOOK_BACK:], None if limit is None else 0
                    continue
                if limit is not None and start >= limit:
                    return
                buffer, limit, skipping = buffer[start:], None if limit is None else limit - start, False
            if limit is not None:
                end = self._next_boundary(buffer, limit)
                if end is None and phase != "end" and len(buffer) - limit <= self._longest_event:
                    continue
                yield from self._whole(buffer[: end if end is not None else len(buffer)])
                return
            cut = self._last_boundary(buffer)
            if cut:
                yield Block(buffer[:cut])
                buffer = buffer[cut:]
            elif len(buffer) > self._longest_event:
                yield Block(self._beginning(buffer))
                buffer, skipping = buffer[self._kept_of_longest :][-_LOOK_BACK:], True
        if started and not skipping:
            yield from self._whole(buffer)

    def _inner_to_the_end(self) -> Source:
        yield from self._inner()
        yield "end", b""

    def _priming(self, buffer: bytes, own: int) -> bytes:
        """What stands before the piece's first event, from where an event starts."""
        if self._piece.start <= self._priming_bytes:
            return buffer[:own]
        # the read began in the middle of a line, which no event starts with
        first = next((hit.end() for hit in self._boundary.finditer(buffer, 1, own) if hit.end() > 0), own)
        return buffer[first:own]

    def _whole(self, buffer: bytes) -> Iterator[Block]:
        """The last events of the piece; where they are too long, their last is."""
        last = self._last_boundary(buffer)
        if len(buffer) - last > self._longest_event:
            if last:
                yield Block(buffer[:last])
            yield Block(self._beginning(buffer[last:]))
        elif buffer:
            yield Block(buffer)

    def _beginning(self, buffer: bytes) -> bytes:
        self.skipped[TOO_LONG] += 1
        return buffer[: self._kept_of_longest] + b"\n"

    def _next_boundary(self, buffer: bytes, edge: int) -> int | None:
        """The first place at or after ``edge`` where an event starts."""
        begin = max(0, edge - _LOOK_BACK)
        if edge > 0 and buffer.find(b"\n", begin) < 0:
            return None  # within a line that is longer than all that is read
        for hit in self._boundary.finditer(buffer, begin):
            if hit.end() >= edge:
                return hit.end()
        return None

    def _last_boundary(self, buffer: bytes) -> int:
        """The last place where an event starts, or 0."""
        window = _SHORT_LOOK_BACK
        while True:
            begin = max(0, len(buffer) - window)
            last = 0
            for hit in self._boundary.finditer(buffer, begin):
                last = hit.end()
            if last or begin == 0:
                return last
            window *= 8

    def _inner(self) -> Source:
        """Bytes without envelopes and NULs, by phase."""
        if self._piece.wrapper is None:
            unwrap: Callable[[bytes], bytes] = bytes
            source = self._raw()
        else:
            unwrap = wrappers()[self._piece.wrapper].unwrap()
            source = self._whole_lines()
        for phase, content in source:
            if b"\0" in content:
                content, runs = _NULS.subn(b"", content)
                self.skipped[NULS] += runs
            yield phase, unwrap(content)

    def _raw(self) -> Source:
        stream = open_log(self._piece.name, self._piece.compression, self._stdin)
        start, end = self._piece.start, self._piece.end
        at = max(0, start - self._priming_bytes)
        try:
            if at:
                stream.seek(at)
            while True:
                phase: Phase = "priming" if at < start else "own" if end is None or at < end else "after"
                limit = start if phase == "priming" else end if phase == "own" else None
                size = self._read_bytes if limit is None else min(self._read_bytes, limit - at)
                content = stream.read(size)
                if not content:
                    break
                self.bytes += len(content) if phase == "own" else 0
                yield phase, content.removeprefix(_BOM) if at == 0 else content
                at += len(content)
            if stream.cut_short:
                self.skipped[CUT_SHORT] += 1
        finally:
            if self._stdin is None:
                stream.close()

    def _whole_lines(self) -> Source:
        """Whole lines, each in the phase in which it starts."""
        rest = b""
        rest_phase: Phase = "own"
        whole = self._piece.start <= self._priming_bytes
        for phase, content in self._raw():
            if not whole:
                # the read began in the middle of a line
                _, newline, content = content.partition(b"\n")
                whole = bool(newline)
            if rest and phase != rest_phase:
                line, newline, content = content.partition(b"\n")
                rest += line + newline
                if not newline and len(rest) < self._longest_event:
                    continue
                yield rest_phase, rest
                rest = b""
            cut = content.rfind(b"\n") + 1
            if cut:
                yield phase, rest + content[:cut]
                rest, rest_phase = content[cut:], phase
            else:
                rest, rest_phase = rest + content, phase
            if len(rest) > self._longest_event:
                self.skipped[TOO_LONG] += 1
                yield rest_phase, rest[: self._kept_of_longest] + b"\n"
                rest = b""
        if rest:
            yield rest_phase, rest
