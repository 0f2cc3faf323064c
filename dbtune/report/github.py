"""The findings as commands to GitHub's runner, which shows them at the lines of a pull request.

A command is a line ``::error file=…,line=…,title=…::message``. What has to be escaped in it is from GitHub's toolkit
(``actions/toolkit``, ``packages/core/src/command.ts``). The runner shows ten of each kind for a step: the others stay
in the step's log, and all are in the job's summary (``dbtune.report.pull_request.summary``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.recommendation import SEVERITIES, Recommendation, Report, Severity
from dbtune.report import wording
from dbtune.report.annotation import annotation
from dbtune.report.places import place_of
from dbtune.report.registry import report_format
from dbtune.report.text import one_line

KINDS: Mapping[Severity, str] = {"high": "error", "medium": "warning", "low": "notice", "info": "notice"}


@report_format("github", ".github.txt")
def write(report: Report) -> str:
    """A command for each new finding, the most severe first; a line for people below."""
    new = [one for one in report.recommendations if report.is_new(one)]
    lines = [_command(one, report) for one in sorted(new, key=lambda one: SEVERITIES.index(one.severity))]
    return "\n".join([*lines, *_closing(report)]) + "\n"


def _closing(report: Report) -> Iterator[str]:
    """Lines that are no commands, as none begins with foreign text."""
    yield f"dbtune: {wording.plural(len(report.recommendations), 'finding')}"
    if report.baseline is not None:
        yield f"dbtune: {wording.comparison_words(report)}"
    yield from (f"- gone: {line}" for line in wording.gone_words(report))
    yield from (f"- {line}" for line in wording.silenced_words(report))


def _command(one: Recommendation, report: Report) -> str:
    place = place_of(one, report)
    properties = {"file": place.path, "line": str(place.line), "title": f"{one_line(one.title)} ({one_line(one.rule)})"}
    words = ",".join(f"{name}={escaped_property(value)}" for name, value in properties.items())
    return f"::{KINDS[one.severity]} {words}::{escaped(annotation(one))}"


def escaped(text: str) -> str:
    """The text as a command's message."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escaped_property(text: str) -> str:
    """The text as the value of a command's property."""
    return escaped(text).replace(":", "%3A").replace(",", "%2C")
