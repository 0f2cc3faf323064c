"""Programs out of Debian's packages, unpacked into a folder: nothing is installed, and no rights are needed.

The machine's own signed apt sources say where the mirror is, and apt checks what comes from it. What is unpacked runs
with its own loader and libraries, so that a server of another suite runs here.
"""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

STAND_INS = ("perl", "perl-base", "mariadb-common", "mysql-common", "debconf", "dpkg", "tar")
"""Dependencies that a server's program does not need to run."""

_KEYRINGS = ("debian-archive-keyring.gpg", "debian-archive-keyring.pgp")
_LEFT_OUT = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale")


class Unavailable(Exception):
    """The packages cannot be had on this machine; the message says why."""


def unpack(suite: str, package: str, prefix: Path, stand_ins: Sequence[str] = STAND_INS) -> None:
    """Fetch a package of a Debian suite (or several, with spaces between) with all that it depends on, but for the
    ``stand_ins``, and unpack all into ``prefix``.

    Raises Unavailable where this machine has no apt, no Debian mirror, or no way to it.
    """
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise Unavailable("this machine has no apt")
    work = prefix.with_name(prefix.name + ".apt")
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(prefix, ignore_errors=True)
    try:
        for package_file in _downloaded(suite, package, work, stand_ins):
            _extract(package_file, prefix)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _downloaded(suite: str, package: str, work: Path, stand_ins: Sequence[str]) -> list[Path]:
    for folder in ("lists/partial", "archives/partial"):
        (work / folder).mkdir(parents=True)
    architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    (work / "status").write_text("".join(_stand_in(name, architecture.stdout.strip()) for name in stand_ins))
    keys = [path for name in _KEYRINGS if (path := Path("/usr/share/keyrings", name)).exists()]
    signed = f"[signed-by={keys[0]}] " if keys else ""
    (work / "sources.list").write_text(f"deb {signed}{_mirror()} {suite} main\n")
    options = {
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::State::extended_states": work / "extended_states",
        "Dir::Cache": work,
        "Dir::Cache::archives": work / "archives",
        "APT::Sandbox::User": "",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
    }
    given = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    _apt(given, "update")
    _apt(given, "--yes", "--download-only", "install", *package.split())
    return sorted((work / "archives").glob("*.deb"))


def _apt(options: Sequence[str], *command: str) -> None:
    done = subprocess.run(["apt-get", "-q", *options, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Unavailable(f"apt-get {' '.join(command)}: {said[-1]}")


def _stand_in(package: str, architecture: str) -> str:
    return (
        f"Package: {package}\nStatus: install ok installed\nArchitecture: {architecture}\nMulti-Arch: allowed\n"
        f"Version: 999\nMaintainer: none <none@localhost>\nDescription: stand-in\n\n"
    )


def _mirror() -> str:
    """The Debian mirror that this machine's apt uses."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    # what "apt-get update" would fetch is printed before any update, and to any user
    printed = subprocess.run(["apt-get", "update", "--print-uris"], capture_output=True, text=True, check=False)
    for line in printed.stdout.splitlines():
        mirror, found, _ = line.split("' ")[0].lstrip("'").partition(f"/dists/{codename}/")
        if found and codename and "ubuntu" not in mirror:
            return mirror
    raise Unavailable("this machine's apt has no Debian mirror")


def _extract(package_file: Path, prefix: Path) -> None:
    # packages of a suite with one /usr hold files under both /lib and /usr/lib
    for folder in ("bin", "sbin", "lib", "lib64"):
        (prefix / "usr" / folder).mkdir(parents=True, exist_ok=True)
        if not (prefix / folder).is_symlink():
            (prefix / folder).symlink_to(f"usr/{folder}")
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package_file], stdout=subprocess.PIPE) as files:
        subprocess.run(
            [
                *("tar", "-xf", "-", "-C", prefix, "--keep-directory-symlink", "--no-same-owner"),
                *(f"--exclude={path}" for path in _LEFT_OUT),
            ],
            stdin=files.stdout,
            check=True,
        )
    if files.returncode:
        raise Unavailable(f"dpkg-deb could not read {package_file.name}")


def program(prefix: Path, *names: str) -> list[str]:
    """The command that runs the first of the programs there is, with the loader and the libraries of its packages."""
    usr = prefix / "usr"
    found = next((path for name in names for path in (usr / "sbin" / name, usr / "bin" / name) if path.is_file()), None)
    # before trixie, /lib64/ld-linux* is a link to a place outside the folder, which leads nowhere
    loaders = [*usr.glob("lib/*/ld-linux-*.so.*"), *usr.glob("lib*/ld-linux-*.so.*"), *usr.glob("lib/*/ld-2.*.so")]
    loader = next((path for path in loaders if path.is_file()), None)
    if found is None or loader is None:
        raise Unavailable(f"the packages in {prefix} hold no {' or '.join(names)} that could run")
    libraries = [path for path in (*usr.glob("lib/*-linux-gnu*"), usr / "lib", usr / "lib64") if path.is_dir()]
    return [str(loader), "--library-path", ":".join(map(str, libraries)), str(found)]
