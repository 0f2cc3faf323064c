"""A statement that reads many more rows than it returns or changes: the mark of a missing index (MySQL, MariaDB).

The slow log counts the rows that a statement examined and those that it sent. A query by an index examines about as
many as it sends; one that examines a thousand for each that it sends reads a table, or the wrong part of it, and
throws the rest away.

Statements that group, count or sum read more than they return by their nature, and are left out; so are an UPDATE and a
DELETE where the log does not count the rows that they change (MariaDB's and Percona's do).

## Example

```sql
SELECT * FROM orders WHERE customer_id = 42;   -- Rows_examined: 480000  Rows_sent: 12

EXPLAIN SELECT * FROM orders WHERE customer_id = 42;   -- type: ALL
CREATE INDEX idx_orders_customer_id ON orders (customer_id);
```

`dbtune analyze` asks the planner which index helps, and by how much; where it has found one that halves the
statement's cost, this rule says nothing more.

## When not to follow it

A search for a part of a word, a large OFFSET, or a condition on what is computed cannot use an ordinary index: the
query has to change first.

Source: MySQL manual, "The Slow Query Log" (Rows_examined, Rows_sent), and "Optimization and Indexes".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.units import human_count, plural
from dbtune.rules.log_rules import Found, log_rule, severity_of
from dbtune.rules.log_statements import shape_of
from dbtune.rules.log_words import percent, titled

LEAST_RATIO = 100
"""Rows examined for each that is returned or changed. Joins of some tables come to ten or so without any fault."""

LEAST_EXAMINED = 1_000
"""A call on average: fewer are read in a millisecond, and an index would hardly be faster."""

LEAST_SHARE = 0.01
"""Of the logs' time."""

INDEXABLE = frozenset({"where", "join", "order"})
"""Clauses that an index can serve; without any of them all rows are asked for."""


@log_rule("log.examined_rows", severity="medium", dialects=("mysql", "mariadb"), after=("index.missing",))
def examined_rows(digest: Digest) -> Iterator[Found]:
    """Statements by the rows that they examine for each that they return or change."""
    for one in digest.statements:
        if one.rows_examined is None or one.calls <= 0 or one.share < LEAST_SHARE:
            continue
        shape = shape_of(one.text, digest.dialect)
        kept = _kept(one, shape.verb)
        if kept is None or shape.is_aggregate or not shape.words & INDEXABLE:
            continue
        # a call that finds nothing counts as one row: an index would have to find out that much
        if one.rows_examined >= LEAST_RATIO * max(kept, one.calls) and one.rows_examined >= LEAST_EXAMINED * one.calls:
            yield _found(one, one.rows_examined, kept, "returns" if shape.verb == "select" else "changes")


def _kept(one: StatementDigest, verb: str) -> float | None:
    """Rows that the statement was for; None where the log does not count them, as an ordinary one those changed."""
    if verb == "select":
        return one.rows_sent
    return one.rows_affected if verb in ("update", "delete") else None


def _found(one: StatementDigest, examined: float, kept: float, what: str) -> Found:
    return Found(
        title=titled("Reads many rows to find few", one.text),
        reason=(
            f"It examines {human_count(examined / one.calls)} rows a call and {what} {_few(kept / one.calls)}; "
            f"{plural(one.calls, 'call')}, {percent(one.share)} of the time."
        ),
        advice=(
            "An index on what it looks for is missing (dbtune analyze asks the planner which one helps), or its "
            "condition is one that no index serves."
        ),
        fingerprints=(one.fingerprint,),
        severity=severity_of(one.share),
        share=one.share,
    )


def _few(rows: float) -> str:
    return "fewer than 1" if 0 < rows < 1 else human_count(rows)
