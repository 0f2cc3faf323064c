"""Logs by name: files, patterns, folders and standard input, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import zstandard

from dbtune.logs.pieces import STANDARD_INPUT
from dbtune.logs.registry import HEAD_BYTES, NoLog
from dbtune.model.errors import UsageError
from dbtune.model.workload import Limit

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}

_DAMAGED = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)
_PACKED_BYTES = 1 << 16

CUT_SHORT = "a compressed file that ends too early or is damaged"


class Bytes(Protocol):
    """What a log is read from."""

    def read(self, size: int, /) -> bytes: ...


class LogStream:
    """The bytes of a log, decompressed. A compressed log that is damaged just ends there: ``cut_short`` tells."""

    def __init__(self, inner: Bytes, raw: BinaryIO, compression: str | None) -> None:
        self._inner = inner
        self._raw = raw
        self._compressed = compression is not None
        self.cut_short = False

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes; none at the end. Raises OSError where an uncompressed file cannot be read."""
        try:
            return self._inner.read(size)
        except _DAMAGED:
            if not self._compressed:
                raise
            self.cut_short = True
            return b""

    def seek(self, offset: int) -> None:
        """Go on at this byte; for plain files only."""
        self._raw.seek(offset)

    def close(self) -> None:
        self._raw.close()


class _ZstdStream:
    """Frames one after the other. The library's own reader takes a frame without its end for a whole one."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._inside = False
        self._ready = bytearray()

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes. Raises EOFError where a frame has no end."""
        while len(self._ready) < size:
            packed = self._raw.read(_PACKED_BYTES)
            if not packed:
                if self._inside and not self._ready:
                    raise EOFError
                break
            self._take(packed)
        content = bytes(self._ready[:size])
        del self._ready[:size]
        return content

    def _take(self, packed: bytes) -> None:
        while packed:
            self._ready += self._frame.decompress(packed)
            self._inside = not self._frame.eof
            packed = self._frame.unused_data if self._frame.eof else b""
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()


def _opened(raw: BinaryIO, compression: str | None) -> LogStream:
    inner: Bytes = raw
    if compression == "gzip":
        inner = cast("Bytes", gzip.GzipFile(fileobj=raw))
    elif compression == "bzip2":
        inner = bz2.BZ2File(raw)
    elif compression == "xz":
        inner = lzma.LZMAFile(raw)  # noqa: SIM115
    elif compression == "zstd":
        inner = _ZstdStream(raw)
    return LogStream(inner, raw, compression)


class _GivenBack(io.RawIOBase):
    """A stream whose first bytes were read before, and are read again."""

    def __init__(self, start: bytes, rest: BinaryIO) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        taken, self._start = self._start[: len(view)], self._start[len(view) :]
        taken = taken or self._rest.read(len(view))
        view[: len(taken)] = taken
        return len(taken)


@dataclass
class _Stream:
    """Standard input or a pipe: what can be read once, of which the head was looked at."""

    stream: BinaryIO
    head: bytes = b""

    def peek(self, size: int) -> None:
        """Look at the first ``size`` bytes, which are read again afterwards."""
        head = b""
        while len(head) < size and (more := self.stream.read(size - len(head))):
            head += more
        self.head = head
        self.stream = cast("BinaryIO", io.BufferedReader(_GivenBack(head, self.stream), 1 << 20))


@dataclass(frozen=True)
class LogFile:
    """A log by its path, or ``-``; ``size`` in bytes as it lies there, None for standard input and pipes."""

    name: str
    size: int | None
    compression: str | None
    _input: _Stream | None = field(default=None, compare=False, repr=False)

    def head(self) -> bytes:
        """The first ``HEAD_BYTES``, decompressed. Raises NoLog where it cannot be read."""
        if self._input is not None:
            stream = _opened(cast("BinaryIO", io.BytesIO(self._input.head)), self.compression)
        else:
            stream = open_log(self.name, self.compression)
        try:
            head = stream.read(HEAD_BYTES)
        except OSError as error:
            raise NoLog(self.name, f"cannot be read: {error.strerror or error}") from None
        finally:
            stream.close()
        if stream.cut_short and not head:
            raise NoLog(self.name, f"is damaged: nothing can be read of what {self.compression} has compressed")
        return head

    def stream(self) -> BinaryIO | None:
        """What is read from its start where this is standard input or a pipe."""
        return None if self._input is None else self._input.stream


def open_log(name: str, compression: str | None, stdin: BinaryIO | None = None) -> LogStream:
    """The log's bytes. Raises UsageError where the file is not there or cannot be read."""
    if stdin is not None:
        return _opened(stdin, compression)
    try:
        return _opened(Path(name).open("rb"), compression)
    except FileNotFoundError:
        raise UsageError(f"there is no file {name}, which workers of a cluster need under the same path") from None
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror or error}") from None


def find_logs(names: Sequence[str], standard_input: BinaryIO | None = None) -> tuple[list[LogFile], list[Limit]]:
    """The logs of these names, each once, in the order given, and those that cannot be read.

    A folder gives all files in it and below, hidden ones left out. Raises UsageError for a name that leads to nothing,
    and where no log is left.
    """
    found: dict[str, LogFile] = {}
    limits: list[Limit] = []
    for name in names:
        if name == STANDARD_INPUT:
            if standard_input is None and sys.stdin is None:
                raise UsageError("standard input is closed")
            found[name] = _streamed(name, standard_input or sys.stdin.buffer)
            continue
        for path in _files(name, limits):
            try:
                found[str(path)] = _log_file(path)
            except OSError as error:
                limits.append(Limit(str(path), f"cannot be read: {error.strerror or error}"))
    if not found:
        raise UsageError("; ".join(f"{limit.what} {limit.why}" for limit in limits) or "there is no log to read")
    return list(found.values()), limits


def is_stream(name: str) -> bool:
    """Whether it can be read once only: standard input, a pipe."""
    return name == STANDARD_INPUT or (Path(name).exists() and not (Path(name).is_file() or Path(name).is_dir()))


def _streamed(name: str, stream: BinaryIO) -> LogFile:
    peek = _Stream(stream)
    peek.peek(HEAD_BYTES)
    return LogFile(name, None, compression_of(peek.head), peek)


def _log_file(path: Path) -> LogFile:
    if not path.is_file():
        return _streamed(str(path), path.open("rb"))
    with path.open("rb") as raw:
        return LogFile(str(path), path.stat().st_size, compression_of(raw.read(8)))


def compression_of(start: bytes) -> str | None:
    """How a file is compressed, by its first bytes."""
    return next((name for magic, name in _MAGIC.items() if start.startswith(magic)), None)


def _files(name: str, limits: list[Limit]) -> list[Path]:
    path = Path(name)
    try:
        if path.is_dir():
            return _files_below(path, limits)
        if path.exists():
            return [path]
    except PermissionError:
        limits.append(Limit(name, "cannot be read: Permission denied"))
        return []
    except (OSError, ValueError):
        pass
    matches = sorted(glob(name, recursive=True)) if has_magic(name) else []  # noqa: PTH207
    files = [Path(match) for match in matches if Path(match).is_file()]
    if not files:
        raise UsageError(f"no such file: {name}" if not has_magic(name) else f"no file matches {name}")
    return files


def _files_below(folder: Path, limits: list[Limit]) -> list[Path]:
    files: list[Path] = []
    before = len(limits)

    def refused(error: OSError) -> None:
        limits.append(Limit(str(error.filename), f"cannot be read: {error.strerror or error}"))

    for parent, folders, names in os.walk(folder, onerror=refused):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(parent, name) for name in sorted(names) if not name.startswith(".")]
    if not files and len(limits) == before:
        raise UsageError(f"there is no file in the folder {folder}")
    return [path for path in files if path.is_file()]
