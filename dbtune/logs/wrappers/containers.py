"""What container runtimes and their tools put around each line."""

from __future__ import annotations

import re

from dbtune.logs.registry import Unwrap, log_wrapper
from dbtune.logs.wrappers.lines import json_text, share_of_lines

_MOMENT = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)"

_DOCKER = re.compile(rb'\{"log" ?: ?("(?:[^"\\]|\\.)*")[^\n]*\n?')
_CRI = re.compile(rb"(?m)^" + _MOMENT + rb" (?:stdout|stderr) ([FP])(?:$| ([^\n]*))\n?")
_COLOR = rb"(?:\x1b\[[\d;]*m)*+"
_COMPOSE = re.compile(rb"(?m)^" + _COLOR + rb"[\w.\-/@]+ +\|" + _COLOR + rb" ?" + _COLOR + rb"(?:" + _MOMENT + rb" )?")
_POD = re.compile(rb"(?m)^\[pod/[^\]\s]+\] (?:" + _MOMENT + rb" )?")
_STAMPED = re.compile(rb"(?m)^" + _MOMENT + rb" ")


@log_wrapper("docker", title="json-file of Docker", sniff=share_of_lines(_DOCKER))
def docker() -> Unwrap:
    """``{"log":"...\\n","stream":"stderr","time":"..."}``."""

    def unwrap(lines: bytes) -> bytes:
        return b"".join(map(json_text, _DOCKER.findall(lines)))

    return unwrap


@log_wrapper("cri", title="log of containerd and CRI-O (Kubernetes)", sniff=share_of_lines(_CRI))
def cri() -> Unwrap:
    """``2024-05-01T10:00:00.123456789Z stderr F ...``; a ``P`` is a part of a line that goes on in the next."""

    def unwrap(lines: bytes) -> bytes:
        found = _CRI.findall(lines)
        return b"".join(text + b"\n" if kind == b"F" else text for kind, text in found)

    return unwrap


@log_wrapper("compose", title="output of docker compose logs", sniff=share_of_lines(_COMPOSE))
def compose() -> Unwrap:
    """``db-1  | ...``, with or without a timestamp; ``docker service logs`` alike."""
    return lambda lines: _COMPOSE.sub(b"", lines)


@log_wrapper("pods", title="output of kubectl logs --prefix", sniff=share_of_lines(_POD))
def pods() -> Unwrap:
    """``[pod/db-0/postgres] ...``, with or without a timestamp."""
    return lambda lines: _POD.sub(b"", lines)


@log_wrapper(
    "timestamps", title="lines with a timestamp in front (kubectl logs --timestamps)", sniff=share_of_lines(_STAMPED)
)
def timestamps() -> Unwrap:
    """``2024-05-01T10:00:00.123Z ...``: also what CloudWatch exports to S3."""
    return lambda lines: _STAMPED.sub(b"", lines)
