"""Report files: refused before the work where they cannot be written, and whole or not there at all after it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from dbtune.model.errors import UsageError


def check_writable(path: Path) -> None:
    """Raise UsageError where the file could not be written: no folder, no permission, something else by that name."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"{path}: there is no folder {folder}")
    if path.exists() and not path.is_file():
        raise UsageError(f"{path}: not a regular file, so it is not overwritten")
    if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise UsageError(f"{path}: no permission to write it")
    try:  # a read-only file system lets access() pass for root
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def write_atomically(path: Path, text: str) -> None:
    """Write a file beside it, then rename: a reader sees the old one or the new one, never a half.

    Raises UsageError with the system's reason.
    """
    place = path.resolve()  # a link keeps being a link
    mode = place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask()
    partial: str | None = None
    try:
        handle, partial = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(partial).chmod(mode)
        Path(partial).replace(place)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
