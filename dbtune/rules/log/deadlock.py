"""Transactions that wait for each other, so that the server had to abort one of them.

Two transactions each hold a lock that the other needs. The server notices, aborts one with an error, and all that it
had done is lost; unless the program tries again, a user sees the failure. Almost always both write the same rows, in
a different order.

## Example

```sql
UPDATE accounts SET balance = balance - 5 WHERE id = 1;   -- the one transaction: 1, then 2
UPDATE accounts SET balance = balance + 5 WHERE id = 2;   -- the other: 2, then 1

SELECT * FROM accounts WHERE id IN (1, 2) ORDER BY id FOR UPDATE;   -- both take the locks in one order first
```

## When not to follow it

A deadlock in a month, in a program that repeats the transaction, is no harm.

Source: PostgreSQL manual, "Explicit Locking", Deadlocks; MySQL manual, "How to Minimize and Handle Deadlocks".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.digest import Digest
from dbtune.rules.log_incidents import by_statement
from dbtune.rules.log_rules import Found, log_rule
from dbtune.rules.log_words import counted, titled

OFTEN = 10
"""Deadlocks of one statement in the logs, from which on they are no accident."""


@log_rule("log.deadlock", severity="medium")
def deadlock(digest: Digest) -> Iterator[Found]:
    """Statements that were aborted."""
    for one in by_statement(incident for incident in digest.incidents if incident.kind == "deadlock"):
        times = counted(one.count, "deadlock", one.first_seen, one.last_seen)
        yield Found(
            title=titled("Aborted by a deadlock", one.statement),
            reason=f"{times}: each time, a whole transaction was undone.",
            advice=(
                "Let all transactions lock the rows in the same order (ORDER BY the key, FOR UPDATE), keep them short, "
                "and repeat one that was aborted."
            ),
            fingerprints=one.fingerprints,
            severity="high" if one.count >= OFTEN else "medium",
            key=one.key,
        )
