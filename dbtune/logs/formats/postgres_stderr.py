"""The log of Postgres as text, with any ``log_line_prefix``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dbtune.logs.postgres.line_prefix import ANY, SEVERITY, LinePrefix, recognised_prefix
from dbtune.logs.postgres.stderr_reader import Expressions, StderrReader
from dbtune.logs.registry import LayoutOptions, Reader, Sniffed, log_format

LEAST_SHARE = 0.9
"""Of the records, that a known prefix must fit; else each line's prefix is taken apart on its own."""

_RECORD = re.compile(rb"^" + ANY + rb"\b" + SEVERITY + rb":  ", re.MULTILINE)
_DURATION = re.compile(":  (?:00000: )?(?:duration|Dauer|durée|duración|statement|execute [^:\n]+) ?: ".encode())


@dataclass(frozen=True)
class StderrLayout:
    """``prefix``: the setting that the log was written with; None where it is none that is known."""

    prefix: str | None

    @property
    def _expressions(self) -> Expressions:
        return Expressions(None if self.prefix is None else LinePrefix(self.prefix))

    @property
    def boundary(self) -> re.Pattern[bytes]:
        return self._expressions.boundary

    def fits(self, head: bytes) -> bool:
        """Whether a record begins with this prefix."""
        return self._expressions.start.search(head) is not None

    def reader(self) -> Reader:
        return StderrReader(self._expressions)


@log_format("postgres-stderr", title="log of Postgres as text", dialect="postgres")
def sniff(head: bytes, options: LayoutOptions) -> Sniffed | None:
    """Records have a severity, a colon and two blanks."""
    if options.log_line_prefix is not None:
        layout = StderrLayout(options.log_line_prefix)
        return Sniffed(0.95, layout) if layout.fits(head) else None
    records = len(_RECORD.findall(head))
    recognised = recognised_prefix(head)
    if not records or recognised is None:
        return None
    prefix, share = recognised
    layout = StderrLayout(prefix.setting if share >= LEAST_SHARE else None)
    return Sniffed(0.9 if _DURATION.search(head) else 0.6, layout)
