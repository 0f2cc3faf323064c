"""Why a MySQL or MariaDB server did not give a session, and what to do about it, in one line each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

BY_CODE: Mapping[int, str] = {
    1045: "the server refused the password of {user}: set MYSQL_PWD or ~/.my.cnf, or ask for the right one",
    1698: "{place} lets {user} in only through its socket and as that system user: use another account",
    1049: "there is no database {database} at {place}: check the name at the end of the URL",
    1044: "{user} has no rights on database {database}: see 'dbtune grants {family} --schema NAME'",
    1130: "{place} does not let anybody in from this host: create the account for it ('name'@'host')",
    1129: "{place} has blocked this host after too many failed connections: FLUSH HOSTS there",
    1040: "{place} has no free connection: try again later, or raise max_connections",
    1203: "{user} has too many connections: try again later, or raise max_user_connections",
    1226: "{user} has used up a limit of its account ({detail})",
    1820: "the password of {user} must be changed first: ALTER USER ... IDENTIFIED BY ...",
    1862: "the password of {user} has expired: ALTER USER ... IDENTIFIED BY ...",
    3118: "the account of {user} is locked: ALTER USER ... ACCOUNT UNLOCK",
    4151: "the account of {user} is locked: ALTER USER ... ACCOUNT UNLOCK",
    3159: "{place} takes connections with TLS only: use ssl-mode=required in the URL",
    1053: "{place} is shutting down: try again in a moment",
    3032: "{place} is in offline mode: try again later",
    2026: "{place} does not speak TLS: use ssl-mode=preferred or ssl-mode=disabled, or switch TLS on at the server",
    2059: "{user} logs in by a plugin that dbtune cannot use ({detail}): use an account with a password",
    1251: "{user} logs in by a way that is too old: give the account caching_sha2_password or mysql_native_password",
    2006: "{place} closed the connection ({detail})",
    2013: "{place} closed the connection ({detail})",
    1927: "{place} closed the connection ({detail})",
}
"""Number of the server's or the client's error, and what the user reads."""

BY_TEXT: Sequence[tuple[str, str]] = (
    (
        r"certificate verify failed|doesn't match|Hostname mismatch|self.signed",
        "the TLS certificate of {place} was not accepted ({detail}): set ssl-ca, or a weaker ssl-mode",
    ),
    (
        r"certificate required|handshake failure|SSL|TLS",
        "TLS with {place} failed ({detail}): check ssl-mode, ssl-ca, ssl-cert and ssl-key in the URL",
    ),
    (
        r"'cryptography' package is required",
        "{place} asks for the password without TLS: use ssl-mode=required, or pip install cryptography",
    ),
    (r"pynacl", "{user} logs in by ed25519: pip install pynacl"),
    (
        r"Name or service not known|nodename nor servname|Temporary failure in name resolution|getaddrinfo|"
        r"No address associated",
        "the host name of {place} cannot be resolved: check the spelling and the network",
    ),
    (
        r"Connection refused",
        "nothing listens at {place}: check host and port, and that the server runs and accepts TCP connections",
    ),
    (r"No such file or directory", "there is no server socket at {place}: check socket= and that the server runs"),
    (r"Permission denied", "the server socket at {place} may not be used by this system user"),
    (r"timed out|timeout", "{place} did not answer in time: check host, port and firewall"),
    (r"No route to host|Network is unreachable|Host is down", "{place} cannot be reached: check the network"),
    (
        r"Packet sequence number wrong|unpack requires|index out of range",
        "what listens at {place} does not speak MySQL's protocol ({detail}): check host and port",
    ),
)
"""Pattern in the message, and what the user reads. The first that matches counts."""

TOLD_BY_TEXT = frozenset({2002, 2003, 2006, 2013})
"""Errors of the client that say nothing by themselves."""

OTHERWISE = "{place} refused the session: {detail}"
NO_PASSWORD = "{place} asks for a password for {user}: set MYSQL_PWD or ~/.my.cnf"


def refusal(error: Exception, parameters: Mapping[str, str], family: str) -> str:
    """One line on why there is no session and what to do. Never holds a password."""
    code, message = code_of(error), _message(error)
    by_text = next((text for pattern, text in BY_TEXT if re.search(pattern, message, re.IGNORECASE)), None)
    by_code = BY_CODE.get(code) if code is not None else None
    if code == 1045 and "using password: NO" in message:
        advice = NO_PASSWORD
    elif code in TOLD_BY_TEXT:
        advice = by_text or by_code or OTHERWISE
    else:
        advice = by_code or by_text or OTHERWISE
    return advice.format(
        place=place(parameters),
        user=f"'{parameters['user']}'" if parameters.get("user") else "this user",
        database=f"'{parameters['dbname']}'" if parameters.get("dbname") else "of that name",
        family=family,
        detail=_detail(message, parameters),
    )


def code_of(error: Exception) -> int | None:
    """The number of the server's or the client's error; None for errors that have none."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, int) and first > 0 else None


def place(parameters: Mapping[str, str]) -> str:
    """Host and port, or the socket."""
    if "socket" in parameters:
        return f"{parameters['socket']} (Unix socket)"
    return f"{parameters.get('host', 'localhost')}:{parameters.get('port', '3306')}"


def first_line(error: Exception) -> str:
    """What the server says, without the error's number, on one line."""
    return (_message(error).strip() or type(error).__name__).splitlines()[0]


def _message(error: Exception) -> str:
    if len(error.args) > 1:
        return str(error.args[1])
    return str(error) or type(error).__name__


def _detail(message: str, parameters: Mapping[str, str]) -> str:
    # PyMySQL: Can't connect to MySQL server on 'host' ([Errno 111] Connection refused)
    inner = re.search(r"server on '[^']*' \((.*)\)\Z", message, re.DOTALL)
    line = " ".join((inner[1] if inner else message).split()).rstrip(".")
    line = re.sub(r"\[(?:Errno \d+|SSL[^\]]*)\] ?|\s*\(_ssl\.c:\d+\)", "", line)
    password = parameters.get("password")
    return line.replace(password, "***") if password else line
