"""A query without LIMIT that returns thousands of rows each time.

Nobody looks at thousands of rows. The server reads them, the network carries them, the program holds them in its
memory, and all of it grows with the table: what is fast today is the incident of next year. A page of a list needs
some dozens of them, a total needs none.

Queries that group, count or sum are left out. A Postgres log has no row counts, but for plans of auto_explain;
exports of `pg_stat_statements` have them, and so has MySQL's slow log.

## Example

```sql
SELECT * FROM events WHERE account_id = 42;   -- 48,000 rows a call

SELECT * FROM events WHERE account_id = 42 AND id > 1234 ORDER BY id LIMIT 100;   -- from where the last page ended
```

## When not to follow it

An export, a backup or a job that does want every row; there, read through a cursor or a streaming result, so that
they are not all in memory at once. A query for a list of keys returns what was asked for.

Source: Markus Winand, "SQL Performance Explained" (2012), chapter "Partial Results"; PostgreSQL manual, "LIMIT and
OFFSET".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.recommendation import Severity
from dbtune.model.units import human_count, plural
from dbtune.rules.log_rules import MEDIUM_SHARE, Found, log_rule
from dbtune.rules.log_statements import Shape, shape_of
from dbtune.rules.log_words import percent, titled

LEAST_ROWS = 1_000
"""A call on average: far more than a page of anything."""

MANY_ROWS = 10_000

LEAST_CALLS = 2
"""What ran once was perhaps meant to."""

BULK_WORDS = frozenset({"sql_no_cache", "outfile", "dumpfile", "into"})
"""Of queries that want all rows: mysqldump's, exports, SELECT INTO."""


@log_rule("log.no_limit", severity="low")
def no_limit(digest: Digest) -> Iterator[Found]:
    """Queries that nothing bounds, by the rows that they return."""
    for one in digest.statements:
        rows = one.rows_sent / one.calls if one.rows_sent is not None and one.calls >= LEAST_CALLS else 0.0
        if rows >= LEAST_ROWS and _is_unbounded(shape_of(one.text, digest.dialect)):
            yield _found(one, rows)


def _is_unbounded(shape: Shape) -> bool:
    return (
        shape.verb == "select"
        and "from" in shape.words
        and not shape.is_limited
        and not shape.is_aggregate
        and not shape.words & BULK_WORDS
    )


def _found(one: StatementDigest, rows: float) -> Found:
    most = f", at most {human_count(one.max_rows_sent)}" if one.max_rows_sent is not None else ""
    return Found(
        title=titled("Many rows and no LIMIT", one.text),
        reason=(
            f"It returns {human_count(rows)} rows a call on average{most}; {plural(one.calls, 'call')}, "
            f"{percent(one.share)} of the time."
        ),
        advice=(
            "Return a page at a time (ORDER BY a key, LIMIT, and go on from the last key), count or sum in the "
            "database, or read through a cursor where every row is wanted."
        ),
        fingerprints=(one.fingerprint,),
        severity=_severity(one, rows),
        share=one.share,
    )


def _severity(one: StatementDigest, rows: float) -> Severity:
    return "medium" if rows >= MANY_ROWS and one.share >= MEDIUM_SHARE else "low"
