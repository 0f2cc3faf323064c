"""Relation files of production's lengths that take no disk space.

The planner asks for a file's length, never for what is in it, so each relation gets a new, sparse file under a number
of its own, and ``pg_class.relfilenode`` is pointed at it. The file the relation was made with stays as it is, empty:
pointing back at it for a moment lets an index be built without reading a page. A new number also means that no buffer
and no open file of the server knows the relation by its former length.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Protocol

from dbtune.ddl.quoting import literal
from dbtune.planner.shadow.ddl_runner import Connection
from dbtune.planner.shadow.pages import BLOCK_SIZE

SEGMENT_BLOCKS = 131072
"""``RELSEG_SIZE``: 1 GiB of 8 kB blocks in one file, the rest in ``.1``, ``.2``, …"""

FIRST_FILE_NUMBER = 3_000_000_000
"""Far above the numbers that the server gives out in the life of a shadow."""


class RelationFiles(Protocol):
    """Makes relation files of one database on one server."""

    def create(self, pages: int, head: bytes = b"") -> int:
        """A new file of that many pages (at least as many as ``head`` holds) beginning with ``head``: its number."""

    def extend(self, number: int, pages: int) -> None:
        """Make the file of that number as long as that, if it is shorter."""

    def flush(self) -> None:
        """Make sure that every file created so far is there."""


class LocalFiles:
    """Files of a server whose data directory this process can write to."""

    def __init__(self, data_directory: Path, database_oid: int) -> None:
        self._folder = data_directory / "base" / str(database_oid)
        owner = self._folder.stat()
        self._owner = (owner.st_uid, owner.st_gid) if owner.st_uid != os.geteuid() else None
        self._numbers = count(FIRST_FILE_NUMBER)

    def create(self, pages: int, head: bytes = b"") -> int:
        number = next(self._numbers)
        for name, length in segments(number, max(pages * BLOCK_SIZE, len(head))):
            descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                if head and "." not in name:
                    os.write(descriptor, head)
                os.ftruncate(descriptor, length)
                if self._owner is not None:
                    os.fchown(descriptor, *self._owner)
            finally:
                os.close(descriptor)
        return number

    def extend(self, number: int, pages: int) -> None:
        for name, length in segments(number, pages * BLOCK_SIZE):
            descriptor = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size < length:
                    os.ftruncate(descriptor, length)
                if self._owner is not None:
                    os.fchown(descriptor, *self._owner)
            finally:
                os.close(descriptor)

    def flush(self) -> None:
        """Nothing is held back."""


class RemoteFiles:
    """Files of a server in a container or behind a URL, made by its own shell (superuser, ``COPY … TO PROGRAM``)."""

    def __init__(self, connection: Connection, database_oid: int) -> None:
        self._connection = connection
        self._folder = f"base/{database_oid}"  # a program runs in the data directory
        self._numbers = count(FIRST_FILE_NUMBER)
        self._script: list[str] = ["set -e", "umask 077"]

    def create(self, pages: int, head: bytes = b"") -> int:
        number = next(self._numbers)
        path = f"{self._folder}/{number}"
        if head:
            self._script.append(f"echo {base64.b64encode(head).decode()} | base64 -d > {path}")
        for name, length in segments(number, max(pages * BLOCK_SIZE, len(head))):
            self._script.append(f"truncate -s {length} {self._folder}/{name}")
        return number

    def extend(self, number: int, pages: int) -> None:
        for name, length in segments(number, pages * BLOCK_SIZE):
            self._script.append(f"truncate -s '>{length}' {self._folder}/{name}")  # ">": at least

    def flush(self) -> None:
        if len(self._script) == 2:
            return
        lines = ", ".join(literal(line) for line in self._script)
        self._connection.execute(f"COPY (SELECT unnest(ARRAY[{lines}])) TO PROGRAM 'sh'".encode())
        del self._script[2:]


def segments(number: int, length: int) -> Iterator[tuple[str, int]]:
    """Names and lengths in bytes of the segment files of a relation of ``length`` bytes."""
    segment_bytes = SEGMENT_BLOCKS * BLOCK_SIZE
    yield str(number), min(length, segment_bytes)
    rest, index = length - segment_bytes, 1
    while rest >= 0:  # a full segment is followed by the next one, even if it is empty
        yield f"{number}.{index}", min(rest, segment_bytes)
        rest, index = rest - segment_bytes, index + 1
