"""A statement that runs in a loop: many calls in quick succession within a session (N+1).

A program asks for a list with one statement and then, in a loop, once more for each of its rows. Each call may be
fast; together they cost a trip over the network, a round through the server and often a plan for every row, where one
statement would do for all. Object-relational mappers do it behind one's back, as soon as an attribute that refers to
another table is read in a loop.

A burst is ten or more calls of one statement that one session begins within one second. It is reported from three
bursts on, or one of a hundred calls, where they are a percent of the time or of the calls in the logs. A log that
leaves fast statements out (`long_query_time`, `log_min_duration_statement`) hides most of them: log everything for
some minutes to see them.

## Example

```sql
SELECT id FROM orders WHERE customer_id = 7;
SELECT * FROM items WHERE order_id = 1;        -- and so on, for each order
SELECT * FROM items WHERE order_id = 2;

SELECT * FROM items WHERE order_id = ANY ('{1,2}');            -- Postgres: all at once
SELECT * FROM items WHERE order_id IN (1, 2);                  -- MySQL, or any
```

In an ORM this is eager loading: Django `select_related` and `prefetch_related`, Rails `includes`, JPA and Hibernate
`JOIN FETCH` or `@EntityGraph`, SQLAlchemy `selectinload`, Laravel `with`, Entity Framework `Include`.

## When not to follow it

A worker that takes one job after the other, a script that was run once, or a load test: what follows in quick
succession there is not one loop over one list.

Source: Martin Fowler, "Patterns of Enterprise Application Architecture" (2002), Lazy Load, on ripple loading; Django
manual, "Database access optimization", and Hibernate user guide, "Fetching".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Bursts, Digest, StatementDigest
from dbtune.model.recommendation import Severity
from dbtune.model.units import human_count, human_ms, plural
from dbtune.rules.log_rules import HIGH_SHARE, MEDIUM_SHARE, Found, log_rule, severity_of
from dbtune.rules.log_statements import Shape, shape_of
from dbtune.rules.log_words import clock, percent, titled

LEAST_BURSTS = 3
"""One or two may be a script that somebody ran."""

LONG_BURST = 100
"""Calls in one burst that tell a loop even where there is no other burst."""

LEAST_SHARE = 0.01
"""Of the time or of the calls in the logs: below it, nobody would notice the loop gone."""


@log_rule("log.n_plus_one", severity="medium")
def n_plus_one(digest: Digest) -> Iterator[Found]:
    """Statements with bursts, but for those that neither read nor write a table."""
    for one in digest.statements:
        bursts = one.bursts
        if bursts is None or (bursts.count < LEAST_BURSTS and bursts.longest < LONG_BURST):
            continue
        shape = shape_of(one.text, digest.dialect)
        advice = _advice(shape, digest)
        time_share = bursts.total_ms / digest.total_ms if digest.total_ms else 0.0
        call_share = bursts.calls / digest.calls if digest.calls else 0.0
        if advice and max(time_share, call_share) >= LEAST_SHARE:
            yield Found(
                title=titled("Runs in a loop", one.text),
                reason=_reason(one, bursts, time_share, call_share),
                advice=advice,
                fingerprints=(one.fingerprint,),
                severity=_severity(time_share, call_share),
                share=time_share,
            )


def _severity(time_share: float, call_share: float) -> Severity:
    """By the time; many fast calls weigh on the network and on the program, which the time does not show."""
    if time_share < MEDIUM_SHARE:
        return "medium" if call_share >= HIGH_SHARE else "low"
    return severity_of(time_share)


def _reason(one: StatementDigest, bursts: Bursts, time_share: float, call_share: float) -> str:
    share = min(bursts.calls / one.calls, 1.0) if one.calls else 1.0
    times = f", {human_ms(bursts.total_ms)} or {percent(time_share)} of the time" if time_share else ""
    return f"{_runs(bursts)}. That is {percent(share)} of its calls, {percent(call_share)} of all calls logged{times}."


def _runs(bursts: Bursts) -> str:
    longest = f"{bursts.session}, {clock(bursts.start)}"
    if bursts.count == 1:
        return f"{human_count(bursts.longest)} calls within a second of session {longest}"
    return (
        f"{plural(bursts.count, 'burst')} of {human_count(bursts.calls / bursts.count)} calls on average, each within "
        f"a second of one session; the longest has {human_count(bursts.longest)} (session {longest})"
    )


def _advice(shape: Shape, digest: Digest) -> str:
    """Empty for what is no query in a loop: transaction control, settings, checks that the connection is alive."""
    if shape.verb == "select" and "from" in shape.words:
        return _read_advice(shape, digest)
    if shape.verb in ("insert", "replace"):
        bulk = "COPY" if digest.dialect == "postgres" else "LOAD DATA"
        return f"Collect the rows and write them with one INSERT of many rows, or {bulk}, in one transaction."
    if shape.verb in ("update", "delete", "merge"):
        return "Make the loop one statement that names all rows: by IN (…), or by a join with a list of VALUES."
    return ""


def _read_advice(shape: Shape, digest: Digest) -> str:
    if not shape.has_parameters:
        return "It is the same query each time: ask once before the loop, and keep the answer."
    many = "= ANY ($1)" if digest.dialect == "postgres" else "IN (…)"
    return (
        f"Replace the loop by one query, with {many} over all its values or with a join; in an ORM, load eagerly "
        "(Django select_related or prefetch_related, Rails includes, JPA JOIN FETCH)."
    )
