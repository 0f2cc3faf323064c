"""A statement that takes longer and longer: its mean time rose from the start of the logs to their end.

A table that grows without the index it needs, statistics that went stale, a plan that flipped, a table or an index
that bloats, a neighbour that competes for the disk: each shows first as one statement that is slower than it was. The
mean over the whole log hides it.

The time of the log is cut into parts of about as many calls. The rule speaks where the parts of the last third are
slower than those of the first third by so much that chance is ruled out (a rank-sum test, which neither one very slow
call nor the shape of the distribution deceives), and at least half as slow again at the median.

## Example

```sql
-- 4 ms a call on Monday, 19 ms on Friday: reads all the events of an account, and there are more each day
SELECT count(*) FROM events WHERE account_id = $1 AND NOT seen;

EXPLAIN (ANALYZE, BUFFERS) SELECT count(*) FROM events WHERE account_id = 42 AND NOT seen;
```

## When not to follow it

Logs that begin in the quiet of the night and end in the busy morning make everything slower: compare the same hours
of two days (`dbtune digest --compare`). A statement that was called with other values at the end is not slower
either.

Source: Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other",
Annals of Mathematical Statistics 18 (1947), for the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

from dbtune.model.digest import Digest, StatementDigest, TimelineSlot
from dbtune.model.units import human_ms, plural
from dbtune.rules.log_rules import Found, log_rule, severity_of
from dbtune.rules.log_words import clock, percent, titled

LEAST_PARTS, MOST_PARTS = 24, 60
"""Of the log's time. With fewer than 24, eight to a third, even a clean step could be chance; more than 60 only make
each of them noisier."""

CALLS_A_PART = 5
"""A mean of fewer is one call's whim."""

LARGE_SLOTS = 0.9
"""The slot that is larger than this share of the others fits into one part."""

LEAST_Z = 3.36
"""Standard deviations of the rank sum: chance alone goes beyond it once in 2,500 statements. With eight parts to a
third, it takes that every part of the last is slower than every one of the first."""

LEAST_RATIO = 1.5
"""Of the last third's median to the first third's."""

LEAST_SHARE = 0.005
"""Of the logs' time: what takes less is not worth a look, however slow it became."""

MOST_ERRORS = 0.05
"""Share of calls that failed, above which the means tell of the failures, which take no time, or all too much."""


@dataclass(frozen=True)
class _Part:
    start: float
    end: float
    mean_ms: float


@log_rule("log.slower_over_time", severity="medium")
def slower_over_time(digest: Digest) -> Iterator[Found]:
    """Statements whose last third is slower than their first one."""
    for one in digest.statements:
        if one.total_ms is None or one.share < LEAST_SHARE or one.errors > MOST_ERRORS * one.calls:
            continue
        parts = _parts(one.timeline, digest.slot_seconds)
        if len(parts) < LEAST_PARTS:
            continue
        third = len(parts) // 3
        first, last = parts[:third], parts[-third:]
        ratio = _median(last) / _median(first) if _median(first) > 0 else 0.0
        if ratio >= LEAST_RATIO and _z([p.mean_ms for p in first], [p.mean_ms for p in last]) >= LEAST_Z:
            yield _found(one, first, last, ratio)


def _parts(slots: Sequence[TimelineSlot], slot_seconds: float) -> list[_Part]:
    """Slots in a row put together until each part has about as many calls; those that cannot have are left out.

    A mean of few calls of which some are very slow is mostly lower than a mean of many: parts of different size would
    make growing traffic look like growing times.
    """
    if not slots:
        return []
    calls = [slot.calls for slot in slots]
    wanted = max(sum(calls) / MOST_PARTS, CALLS_A_PART, sorted(calls)[int(LARGE_SLOTS * len(calls))])
    groups: list[list[TimelineSlot]] = [[]]
    for slot in slots:
        if groups[-1] and _calls(groups[-1]) + slot.calls / 2 >= wanted:
            groups.append([])
        groups[-1].append(slot)
    return [_part(group, slot_seconds) for group in groups if wanted / 2 <= _calls(group) <= 2 * wanted]


def _calls(slots: Sequence[TimelineSlot]) -> float:
    return sum(slot.calls for slot in slots)


def _part(slots: Sequence[TimelineSlot], slot_seconds: float) -> _Part:
    total_ms = sum(slot.total_ms for slot in slots)
    return _Part(slots[0].start, slots[-1].start + slot_seconds, total_ms / _calls(slots))


def _median(parts: Sequence[_Part]) -> float:
    return median(part.mean_ms for part in parts)


def _z(first: Sequence[float], last: Sequence[float]) -> float:
    """By how many standard deviations ``last`` outranks ``first``; about normal where both are of one distribution.

    Source: Mann and Whitney (1947), U and its variance; ties count half.
    """
    n, m = len(first), len(last)
    larger = sum((b > a) + 0.5 * (b == a) for a in first for b in last)
    return (larger - n * m / 2) / sqrt(n * m * (n + m + 1) / 12)


def _found(one: StatementDigest, first: Sequence[_Part], last: Sequence[_Part], ratio: float) -> Found:
    before, after = _median(first), _median(last)
    extra = one.share * (1 - before / after)
    return Found(
        title=titled(f"{ratio:.1f} times as slow as it was", one.text),
        reason=(
            f"{human_ms(before)} a call until {clock(first[-1].end)}, {human_ms(after)} from {clock(last[0].start)} on "
            f"(medians of the first and the last third; {plural(one.calls, 'call')}, {percent(one.share)} of the time)."
        ),
        advice=_ADVICE,
        fingerprints=(one.fingerprint,),
        severity=severity_of(extra),
        share=extra,
    )


_ADVICE = (
    "Look at what changed meanwhile: rows in its tables, statistics (ANALYZE), its plan (EXPLAIN), or all that runs "
    "beside it."
)
