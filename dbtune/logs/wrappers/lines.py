"""Tools for envelopes that stand around each line."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

SNIFFED_LINES = 60

_STRING = msgspec.json.Decoder(str)


def share_of_lines(pattern: re.Pattern[bytes]) -> Callable[[bytes], float]:
    """How many of a head's first lines fit the pattern, as a confidence of 0 to 0.99."""

    def sniff(head: bytes) -> float:
        lines = [line for line in head.split(b"\n")[:SNIFFED_LINES] if line.strip()]
        if head[-1:] != b"\n" and len(lines) > 1:
            lines = lines[:-1]
        if not lines:
            return 0.0
        share = sum(pattern.match(line) is not None for line in lines) / len(lines)
        return 0.99 * share if share >= 0.5 else 0.0

    return sniff


def json_text(literal: bytes) -> bytes:
    """The content of a JSON string, given with its quotes; as it is where it is none."""
    if b"\\" not in literal:
        return literal[1:-1]
    try:
        return _STRING.decode(literal).encode("utf-8", "surrogatepass")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return literal[1:-1]


def ended(text: bytes) -> bytes:
    """The text as one whole line, or several."""
    return text if text.endswith(b"\n") else text + b"\n"
