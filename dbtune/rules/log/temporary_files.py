"""A statement whose sorts and hashes do not fit into `work_mem`, so that Postgres writes them to temporary files.

Each sort and each hash table of a statement may take `work_mem` (a hash, `hash_mem_multiplier` times that); what is
more goes to disk and is read back. With `log_temp_files = 0` Postgres writes a line for each such file, with its
size. In memory the same rows take up to twice as much as in the file.

`work_mem` is for each sort and each hash of each session, parallel workers too: set it for the statement, or for the
role that runs it, not for all the server.

## Example

```sql
BEGIN;
SET LOCAL work_mem = '64MB';   -- temporary files of 23 MiB; 4MB is the default
SELECT customer_id, sum(total) FROM orders GROUP BY customer_id ORDER BY 2 DESC;
COMMIT;

ALTER ROLE reporting SET work_mem = '64MB';
```

## When not to follow it

A nightly job that nobody waits for may write its files. And a statement that sorts many rows to return a few is
better served by an index in that order, or by reading fewer rows and columns.

Source: PostgreSQL manual, "Resource Consumption", work_mem, hash_mem_multiplier, and "Error Reporting and Logging",
log_temp_files. Twice the file's size: measured on Postgres 18 with sorts and hash aggregates of rows of 4 to 170
bytes, 1.2 to 1.9 times.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log2

from dbtune.model.digest import Digest, StatementDigest
from dbtune.model.recommendation import Severity
from dbtune.model.units import human_bytes, plural
from dbtune.rules.log_incidents import Troubles, by_statement
from dbtune.rules.log_rules import Found, log_rule
from dbtune.rules.log_words import counted, titled

MIB = 1024 * 1024

LEAST_BYTES = 10 * MIB
"""Of one statement over the whole log: less does not leave the server's file cache."""

MUCH = 1024 * MIB
"""Of one statement over the whole log."""

MEMORY_TO_FILE = 2.0
"""What rows take in memory, in sizes of their file."""

MOST_WORK_MEM = 512 * MIB
"""For one sort of one session; what needs more should sort less."""


@log_rule("log.temporary_files", severity="low", dialects=("postgres",))
def temporary_files(digest: Digest) -> Iterator[Found]:
    """Statements with files that the log names, and those whose totals have temporary bytes."""
    files = by_statement(incident for incident in digest.incidents if incident.kind == "temporary_file")
    for one in files:
        if one.total_amount >= LEAST_BYTES:
            yield _from_files(one)
    named = {one.fingerprint for one in files}
    for statement in digest.statements:
        written = statement.temporary_bytes
        if statement.fingerprint not in named and written is not None and written >= LEAST_BYTES:
            yield _from_totals(statement, written)


def work_mem_for(file_bytes: float) -> int:
    """MB of ``work_mem`` in which what was written to a file of that size fits: a power of two."""
    return int(2 ** max(ceil(log2(MEMORY_TO_FILE * file_bytes / MIB)), 0))


def _from_files(one: Troubles) -> Found:
    return Found(
        title=titled("Writes temporary files", one.statement),
        reason=(
            f"{counted(one.count, 'file', one.first_seen, one.last_seen)}, {human_bytes(one.total_amount)} together, "
            f"{human_bytes(one.total_amount / one.count)} on average, the largest {human_bytes(one.max_amount)}."
        ),
        advice=_advice(one.max_amount),
        fingerprints=one.fingerprints,
        severity=_severity(one.total_amount),
        key=one.key,
    )


def _from_totals(one: StatementDigest, written: float) -> Found:
    a_call = written / one.calls if one.calls else written
    return Found(
        title=titled("Writes temporary files", one.text),
        reason=f"{human_bytes(written)} in {plural(one.calls, 'call')}, {human_bytes(a_call)} a call.",
        advice=_advice(a_call),
        fingerprints=(one.fingerprint,),
        severity=_severity(written),
        share=one.share,
    )


def _severity(written: float) -> Severity:
    return "medium" if written >= MUCH else "low"


def _advice(file_bytes: float) -> str:
    megabytes = work_mem_for(file_bytes)
    if megabytes * MIB > MOST_WORK_MEM:
        return (
            f"That is too much to sort in memory (it would take a work_mem of {megabytes:,} MB): read fewer rows and "
            "columns before the sort or the join, or let an index give the order."
        )
    return (
        f"SET LOCAL work_mem = '{megabytes}MB' in its transaction, or ALTER ROLE … SET work_mem, keeps it in memory: "
        "not for the whole server, since each sort of each session may take as much."
    )
