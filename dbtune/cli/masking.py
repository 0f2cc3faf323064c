"""Passwords taken out of what people and crash files are shown, whatever the user took for what.

A target may be given where a file is expected, and the other way round, so that any message can hold a password that
nobody knows to be one. What is masked goes by the looks of it: a URL's, and ``password=`` with all that follows. A path
stays a path: what stands behind a slash (``/etc/passwd:``) is the name of a file.
"""

from __future__ import annotations

import re
from functools import cache

MASK = "***"

_PORT = r"\d+(?:[/?\s]|\Z)"
_URL = re.compile(r"(\w[\w+.-]*://[^\s:/@]*):[^\s/]*@")
_SETTING = re.compile(
    r"""(?<![\w/\\.-])(?<!using[ ])                            # MySQL: (using password: YES)
    (?P<name>[\w.-]*(?:password|passwd|pwd))(?P<sign>\s*[=:]\s*)
    (?:'(?:[^'\\]|\\.)*(?:'|\Z) | "(?:[^"\\]|\\.)*(?:"|\Z) | (?:(?!&\w+=)\S)+)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def without_passwords(text: str) -> str:
    """The text with the passwords of URLs and of ``password=`` settings masked."""
    text = _URL.sub(rf"\1:{MASK}@", _database_url().sub(rf"\1:{MASK}@", text))
    return _SETTING.sub(rf"\g<name>\g<sign>{MASK}", text)


@cache
def _database_url() -> re.Pattern[str]:
    """Of a database that is known for one, so that slashes and blanks may stand in the password."""
    from dbtune.connect.targets import DIALECTS  # loads drivers, which a run without errors may never need

    schemes = "|".join(DIALECTS)
    return re.compile(
        rf"(\b(?:{schemes})(?:\+\w+)?:/{{1,2}}[^\s:/@\[]*):(?:\S*|(?!{_PORT})(?:(?!://)[^\n])*)@", re.IGNORECASE
    )
