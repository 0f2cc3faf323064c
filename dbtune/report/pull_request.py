"""The findings as a comment on a pull request, and as the summary of a job.

The comment begins with a marker that nobody sees, by which the next run finds it and replaces it (``action.yml`` does).
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import SEVERITIES, Recommendation, Report
from dbtune.report import migrating, wording
from dbtune.report.markdown import code, migration_part, notes, plain, recommendation_part
from dbtune.report.places import place_of
from dbtune.report.registry import report_format
from dbtune.report.sarif import automation_id

MOST_COMMENT = 65_536
"""Characters of a comment that GitHub takes at most; GitLab takes a million."""

MOST_SUMMARY = 1024 * 1024
"""Bytes of a job's summary that GitHub takes for one step."""

MOST_BYTES_EACH = 4
"""Of a character in UTF-8."""

ROOM = 1_000
"""Characters kept for the last lines."""

Part = tuple[int, Recommendation]


@report_format("pull-request", ".pr.md")
def write(report: Report) -> str:
    """The comment, marker first, as long as a forge takes it at most."""
    text = marker(report) + "\n" + _document(report, MOST_COMMENT - len(marker(report)) - ROOM)
    assert len(text) <= MOST_COMMENT
    return text


def marker(report: Report) -> str:
    """``<!-- dbtune/postgres/shop/ -->``: one for each database, the same in every run."""
    # two hyphens would end the comment
    return f"<!-- {automation_id(report).replace('-', '%2D')} -->"


def summary(report: Report) -> str:
    """The same for a job's summary, where there is more room and nothing to replace."""
    return _document(report, MOST_SUMMARY // MOST_BYTES_EACH - ROOM)


def _document(report: Report, most: int) -> str:
    """New findings in full as long as there is room, known ones as a list."""
    numbered = sorted(enumerate(report.recommendations, 1), key=lambda pair: SEVERITIES.index(pair[1].severity))
    new = [pair for pair in numbered if report.is_new(pair[1])]
    known = [pair for pair in numbered if not report.is_new(pair[1])]
    lines = [*_head(report, len(new))]
    table = [*_table(new, report, "finding")]
    rest = [
        *_known(known, report),
        *migration_part(report),
        *notes(report),
        "",
        f"<sub>dbtune {plain(report.dbtune)}</sub>",
    ]
    room = most - _length(lines)
    shown = _fitting([table, *(_detail(pair, report) for pair in new), rest], room)
    return "\n".join([*lines, *shown]) + "\n"


def _head(report: Report, new: int) -> Iterator[str]:
    state = "" if report.baseline is None else "new "
    what = wording.plural(new, f"{state}finding") if new else f"no {state}findings"
    where = migrating.title(report) if report.checked else report.target.database
    yield f"## dbtune: {what} on {plain(where)}"
    yield ""
    facts = [wording.target_words(report), wording.workload_words(report)]
    if report.summary.cost_before > 0:
        facts.append(f"planner cost {wording.cost_words(report)}")
    yield "; ".join(map(plain, facts))
    words = [wording.comparison_words(report)]
    words += [f"{len(report.silenced)} silenced"] if report.silenced else []
    told = "; ".join(plain(line) for line in words if line)
    if told:
        yield ""
        yield f"{told}."


def _table(pairs: list[Part], report: Report, heading: str) -> Iterator[str]:
    if not pairs:
        return
    yield from ("", f"| | {heading} | severity | rule | where |", "|--:|---|---|---|---|")
    for number, one in pairs:
        yield f"| {number} | {plain(one.title)} | {one.severity} | {code(one.rule)} | {code(_where(one, report))} |"


def _where(one: Recommendation, report: Report) -> str:
    """The line that it is about, else the table."""
    if one.location is not None:
        place = place_of(one, report)
        return f"{place.path}:{place.line}"
    return ".".join(name for name in (one.object.schema, one.object.table) if name) or "-"


def _detail(pair: Part, report: Report) -> list[str]:
    return ["", *recommendation_part(*pair, report)]


def _known(pairs: list[Part], report: Report) -> list[str]:
    if not pairs:
        return []
    table = _table(pairs, report, "known finding")
    return ["", f"<details><summary>Known before ({len(pairs)})</summary>", *table, "", "</details>"]


def _fitting(parts: list[list[str]], room: int) -> list[str]:
    """The parts that fit, each whole, and a line that says so where some do not."""
    shown: list[str] = []
    left_out = 0
    for part in parts:
        needed = _length(part)
        if left_out or needed > room:
            left_out += 1
            continue
        room -= needed
        shown += part
    if left_out:
        shown += ["", f"{wording.plural(left_out, 'part')} left out for want of room: the JSON report has all."]
    return shown


def _length(lines: list[str]) -> int:
    return sum(len(line) + 1 for line in lines)
