"""The slow query log of MySQL 5.0 to 9.x, MariaDB and Percona Server, with all that they write above a statement."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbtune.logs.mysql.slow_reader import EVENT_START, SlowReader
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

# the line before ends a statement: among lines that begin with #, those of a header have no semicolon
BOUNDARY = re.compile(rb"^(?:(?!#)[^\n]*+|\#[^\n]*+(?<=;)|\#[^\n]*+(?<=;\r))\n(?=" + EVENT_START + rb")", re.MULTILINE)
_HEADER = re.compile(rb"^#? ?(?:Query_time: +[\d.]+(?: |$)|User@Host: .*\[.*\] @ )", re.MULTILINE)


@dataclass(frozen=True)
class SlowLayout:
    """Nothing of it differs from log to log."""

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return BOUNDARY

    def reader(self) -> Reader:
        return SlowReader()


@log_format("mysql-slow", title="slow query log of MySQL or MariaDB", dialect="mysql")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """Its header lines are like those of no other log."""
    found = len(_HEADER.findall(head))
    if not found:
        return None
    return Sniffed(0.95 if found > 1 else 0.8, SlowLayout())
