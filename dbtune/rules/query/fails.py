"""A query that the server refuses on the schema as it is, or as the migrations beside it will make it.

A column or a table that is not there, a function that does not take these types. The query was planned, not run; the
server's reason is given.

## Example

```sql
SELECT nope FROM orders;
-- column "nope" does not exist
```

## When not to follow it

The migration that makes the column is in another pull request: name its file as well.

Source: PostgreSQL manual, Error Codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbtune.model.recommendation import Evidence, Subject
from dbtune.rules.finding import Finding
from dbtune.rules.migration_context import MigrationContext
from dbtune.rules.migration_rules import ALL, migration_rule
from dbtune.rules.wording import short_text


@migration_rule("query.fails", severity="high", dialects=ALL)
def fails(ctx: MigrationContext) -> Iterator[Finding]:
    """One finding for each query that the server refuses."""
    for query in ctx.queries:
        if query.refused:
            statement = query.planned.statement
            yield Finding(
                subject=Subject("", ""),
                title=f"this query fails: {query.failure}",
                reason=f"The server refuses `{short_text(statement.text)}`: {query.failure}.",
                evidence=Evidence("proven", ctx.planner),
                key=f"{query.location.file_identity}\0{statement.fingerprint}",
                location=query.location,
            )
