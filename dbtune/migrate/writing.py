"""All files of a batch, or none: written beside their places, then renamed, and taken back where one of them fails."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from dbtune.migrate.project import NewFile
from dbtune.model.errors import UsageError


def write_all(files: Sequence[NewFile]) -> None:
    """Raises UsageError with the system's reason; then every folder is as it was."""
    _check(files)
    made: list[Path] = []
    try:
        for folder in _missing_folders(files):
            folder.mkdir()
            made.append(folder)
        _rename(_written(files), files)
    except BaseException as error:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, OSError):
            place = Path(error.filename).parent if error.filename else files[0].path.parent
            raise UsageError(f"{place}: {error.strerror}; nothing was written") from error
        raise


def _check(files: Sequence[NewFile]) -> None:
    for file in files:
        if file.path.exists() and not file.replaces:
            raise UsageError(f"{file.path}: there is such a file already; nothing was written")
        if file.replaces and not os.access(file.path, os.W_OK):
            raise UsageError(f"{file.path}: no permission to write it; nothing was written")


def _missing_folders(files: Sequence[NewFile]) -> list[Path]:
    folders = {folder for file in files for folder in file.path.parents if not folder.exists()}
    return sorted(folders, key=lambda folder: len(folder.parts))


def _written(files: Sequence[NewFile]) -> list[str]:
    partial: list[str] = []
    try:
        for file in files:
            handle, path = tempfile.mkstemp(prefix=f".{file.path.name[:40]}.", dir=file.path.parent)
            partial.append(path)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as opened:
                opened.write(file.text)
            Path(path).chmod(file.path.stat().st_mode & 0o777 if file.path.exists() else 0o666 & ~_umask())
    except BaseException:
        _remove(partial)
        raise
    return partial


def _rename(partial: Sequence[str], files: Sequence[NewFile]) -> None:
    done: list[tuple[Path, bytes | None]] = []
    try:
        for path, file in zip(partial, files, strict=True):
            former = file.path.read_bytes() if file.path.exists() else None
            Path(path).replace(file.path)
            done.append((file.path, former))
    except BaseException:
        for place, former in reversed(done):
            with suppress(OSError):
                place.unlink() if former is None else place.write_bytes(former)
        raise
    finally:
        _remove(partial)


def _remove(paths: Sequence[str] | Iterator[str]) -> None:
    for path in paths:
        Path(path).unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
