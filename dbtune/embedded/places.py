"""Where a server's folder lies: in memory where that is wished for and there is room, else with temporary files."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY_FOLDER = Path("/dev/shm")
"""Linux' file system in memory: a server starts in half the time there."""

MEMORY_BYTES = 2 << 30
"""Free memory, and room there, below which it is left alone. Docker gives a container 64 MB."""

LONGEST_PATH = 60
"""A Unix socket's path holds at most 107 bytes (103 on macOS)."""


def folder_for_servers(*, in_memory: bool) -> str:
    """An existing folder. One that the user named for temporary files (``TMPDIR``) comes before memory."""
    if in_memory and "TMPDIR" not in os.environ and _has_room_in_memory():
        return str(MEMORY_FOLDER)
    usual = tempfile.gettempdir()
    return usual if len(usual) <= LONGEST_PATH else "/tmp"


def _has_room_in_memory() -> bool:
    if not os.access(MEMORY_FOLDER, os.W_OK | os.X_OK):
        return False
    return min(shutil.disk_usage(MEMORY_FOLDER).free, _available_memory()) >= MEMORY_BYTES


def _available_memory() -> int:
    """Bytes that the system could give to programs without swapping; 0 where it does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) * 1024 if found else 0
