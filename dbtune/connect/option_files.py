"""Option files of MySQL's and MariaDB's clients: what ``~/.my.cnf`` says of the connection.

Source: MySQL manual, "Using Option Files"; MariaDB, "Configuring MariaDB with Option Files".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbtune.connect.mysql_urls import tls_mode
from dbtune.model.errors import UsageError

SYSTEM_FILES = (Path("/etc/my.cnf"), Path("/etc/mysql/my.cnf"))
OWN_FILE = Path("~/.my.cnf")

GROUPS = {
    "mysql": ("client",),
    "mariadb": ("client", "client-server", "client-mariadb"),
}

DEEPEST = 10
"""So many files may include one another."""

_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "s": " ", "\\": "\\"}
_TAKEN = frozenset({"user", "password", "host", "port", "socket", "ssl-mode", "ssl-ca", "ssl-cert", "ssl-key"})
_OFF = frozenset({"0", "false", "off"})


def client_options(backend: str, given: str | None = None) -> dict[str, str]:
    """Connection parameters from the client's groups: of the file ``given``, else of the system's files and the user's.

    What stands later counts. A file that everybody may write to is left out, as the servers' own clients do. Raises
    UsageError where the given file cannot be read, or says a TLS mode that there is none of.
    """
    if given is not None:
        files: Sequence[Path] = (Path(given).expanduser(),)
        if not files[0].is_file():
            raise UsageError(f"there is no option file {given} (defaults-file in the URL)")
    else:
        files = (*SYSTEM_FILES, OWN_FILE.expanduser())
    found: dict[str, str] = {}
    for file in files:
        for group, name, value in _options(file, DEEPEST):
            if group in GROUPS.get(backend, ()):
                _take(found, name, value)
    return found


def _take(found: dict[str, str], name: str, value: str | None) -> None:
    plain = name.lower().replace("_", "-").removeprefix("loose-")
    if plain == "pass":
        plain = "password"
    if plain == "skip-password":
        found.pop("password", None)
    elif plain == "ssl-verify-server-cert":  # MariaDB's
        found["ssl-mode"] = "preferred" if value is not None and value.lower() in _OFF else "verify-identity"
    elif plain in ("ssl", "skip-ssl"):
        off = plain == "skip-ssl" or (value is not None and value.lower() in _OFF)
        found["ssl-mode"] = "disabled" if off else "required"
    elif plain in _TAKEN and value is not None:
        found[plain] = tls_mode(value) if plain == "ssl-mode" else value


def _options(file: Path, depth: int) -> Iterator[tuple[str, str, str | None]]:
    """Group, name and value of each line; None for a name alone."""
    try:
        if file.stat().st_mode & 0o002:
            return
        text = file.read_text("utf-8", "surrogateescape")
    except OSError:
        return
    group = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("!"):
            yield from _included(line, depth)
        elif line.startswith("["):
            group = line[1:].partition("]")[0].strip()
        elif line and not line.startswith(("#", ";")):
            name, equals, value = line.partition("=")
            if equals:
                yield group, name.strip(), _value(value.strip())
            else:
                yield group, name.partition("#")[0].strip(), None


def _included(line: str, depth: int) -> Iterator[tuple[str, str, str | None]]:
    word, _, place = line.partition(" ")
    path = Path(place.strip())
    if depth == 0 or not place.strip():
        return
    if word == "!include":
        yield from _options(path, depth - 1)
    elif word == "!includedir" and path.is_dir():
        for file in sorted(path.glob("*.cnf")):
            yield from _options(file, depth - 1)


def _value(text: str) -> str:
    """Without quotes and comment, escapes read. A comment begins with ``#``, within a line too."""
    if text[:1] in ("'", '"'):
        end = text.rfind(text[0], 1)
        if end > 0:
            text = text[1:end]
    else:
        text = text.partition("#")[0].rstrip()
    return _ESCAPED.sub(lambda hit: _ESCAPES.get(hit[1], hit[0]), text)
