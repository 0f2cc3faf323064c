"""Snapshot files: JSON, compressed by the file's ending, written whole or not at all. See docs/snapshot.md."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
import zstandard

from dbtune.model.errors import SnapshotError, UsageError
from dbtune.model.snapshot import SNAPSHOT_VERSION, Dialect, Snapshot

Shape = TypeVar("Shape")

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

ZSTD_LEVEL = 9
GZIP_LEVEL = 6


@dataclass(frozen=True)
class _Header:
    """What every snapshot file of any version begins with."""

    version: int
    dbtune: str
    collected_at: str


def write_snapshot(snapshot: Snapshot, path: Path, *, samples: bool = False) -> None:
    """Write the snapshot, readable by its owner only; the file is there whole or as it was before.

    ``samples``: also the verbatim statements with their literals. Raises UsageError for an unknown ending or a place
    that cannot be written.
    """
    compress = _compression(path)
    kept = _without_locations(snapshot if samples else without_samples(snapshot))
    content = compress(msgspec.json.encode(kept))
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            temporary.replace(path)
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def check_snapshot_path(path: Path) -> None:
    """Raise UsageError, before any work, for a path that ``write_snapshot`` would refuse."""
    _compression(path)
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: no permission to write in {path.parent}")


@dataclass(frozen=True)
class _ServerDialect:
    dialect: Dialect


@dataclass(frozen=True)
class _Dialect:
    server: _ServerDialect


def read_snapshot(path: Path) -> Snapshot:
    """Read a snapshot, whatever its ending. Raises SnapshotError with what is wrong with the file."""
    return _decoded(_text(path), path, Snapshot)


def dialect_of_snapshot(path: Path) -> Dialect:
    """The dialect of a snapshot's server, without reading the rest. Raises SnapshotError as ``read_snapshot`` does."""
    return _decoded(_text(path), path, _Dialect).server.dialect


def _text(path: Path) -> bytes:
    """The JSON of a snapshot that this version can read."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise SnapshotError(f"there is no file {path} (a database needs a URL: postgresql://user@host/db)") from None
    except OSError as error:
        raise SnapshotError(f"cannot read {path}: {error.strerror or error}") from error
    text = _uncompressed(content, path)
    header = _header(text, path)
    if header.version > SNAPSHOT_VERSION:
        raise SnapshotError(
            f"{path} was written by dbtune {header.dbtune}, in snapshot version {header.version}; this dbtune reads up "
            f"to {SNAPSHOT_VERSION}: upgrade to dbtune {header.dbtune} or later"
        )
    return text


def _decoded(text: bytes, path: Path, shape: type[Shape]) -> Shape:
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{path} is not a valid snapshot: {error}; collect it again") from error
    except UnicodeDecodeError as error:
        raise SnapshotError(f"{path} is damaged ({error}); copy or collect it again") from error


def without_samples(snapshot: Snapshot) -> Snapshot:
    """The snapshot without any literal of any statement."""
    statements = tuple(
        replace(statement, samples=()) if statement.samples else statement for statement in snapshot.workload.statements
    )
    return replace(snapshot, workload=replace(snapshot.workload, statements=statements))


def _without_locations(snapshot: Snapshot) -> Snapshot:
    """A snapshot is read elsewhere, where the files that its workload was read from are not, or other ones."""
    statements = tuple(
        replace(statement, location=None) if statement.location else statement
        for statement in snapshot.workload.statements
    )
    return replace(snapshot, workload=replace(snapshot.workload, statements=statements))


def _compression(path: Path) -> Callable[[bytes], bytes]:
    for ending, compress in COMPRESSIONS.items():
        if path.name.lower().endswith(ending):
            return compress
    raise UsageError(f"a snapshot is written as .json, .json.gz or .json.zst, not as {path.name}")


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, GZIP_LEVEL, mtime=0)


def _zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compress(content)


COMPRESSIONS: Mapping[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": _gzip, ".json.zst": _zstd}


def _uncompressed(content: bytes, path: Path) -> bytes:
    try:
        if content.startswith(GZIP_MAGIC):
            return gzip.decompress(content)
        if content.startswith(ZSTD_MAGIC):
            return zstandard.ZstdDecompressor().decompress(content)
    except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
        raise SnapshotError(f"{path} is damaged or cut short ({error}); copy or collect it again") from error
    return content


def _header(text: bytes, path: Path) -> _Header:
    try:
        return msgspec.json.decode(text, type=_Header)
    except msgspec.ValidationError:
        raise SnapshotError(f"{path} is not a snapshot: write one with 'dbtune collect URL -o FILE'") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if text.lstrip().startswith(b"{"):
            raise SnapshotError(f"{path} is damaged or cut short ({error}); copy or collect it again") from error
        raise SnapshotError(f"{path} is not a snapshot: write one with 'dbtune collect URL -o FILE'") from error
