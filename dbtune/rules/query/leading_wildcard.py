"""A search for a word in the middle of a text, `LIKE '%word%'`, which reads every row: no B-tree serves it.

A B-tree is in the order of how values begin, so that it finds `LIKE 'word%'` and nothing else. What MySQL and MariaDB
have for words is a FULLTEXT index, which lists the rows of each word. It is asked by `MATCH … AGAINST`, and so the
statement has to be written in another way. That is **another question**, not the same one answered faster:

- It finds words, not parts of words: `'+word*'` finds `wordy`, and neither `sword` nor `crossword`. Several words are
  found in any order and in any place.
- Words that are shorter than `innodb_ft_min_token_size` (3 characters) and stopwords (`the`, `of`, `com`, …) are not in
  the index. Whatever is no letter, digit or underscore parts words. The built-in parser makes one word of a sentence in
  Chinese, Japanese or Thai; MySQL's `WITH PARSER ngram` cuts texts into pieces of two characters, finds parts of words
  as well, and takes more space.
- A transaction does not find by it what it has written itself and not committed yet.

What is shown was planned so: on the scratch server, with the index there and the statement rewritten, EXPLAIN reads the
table by that index. What is gained cannot be told from costs, since the optimiser takes one row for any such search: a
word that many rows hold is found no faster. Measure it with the words that people look for.

Told are statements that read 10,000 rows or more in a call, and whose text holds the word (as `'%word%'` or
`CONCAT('%', 'word', '%')`): a workload of bare digests, without samples, does not show where a pattern begins.

## Example

```sql
SELECT id, title FROM articles WHERE body LIKE '%tantalum%';                                -- reads all articles

ALTER TABLE `shop`.`articles` ADD FULLTEXT INDEX `idx_articles_body_fulltext` (`body`),
    ALGORITHM=INPLACE, LOCK=SHARED;
SELECT id, title FROM articles WHERE MATCH (body) AGAINST ('+tantalum*' IN BOOLEAN MODE);   -- by the index
```

Writers wait while a FULLTEXT index is built (`LOCK=NONE` is refused), and the first one of a table copies the whole
table, to add the hidden column `FTS_DOC_ID`. Dropping the index leaves that column until the table is next rebuilt
(`ALTER TABLE … FORCE`).

## When not to follow it

What is looked for are parts of words, of codes or of addresses, or every row has to be found for certain. The table is
written far more often than searched: each new row is cut into words. It is to be partitioned: partitioned tables have
no FULLTEXT index. Where a search engine is at hand, it does more.

Source: MySQL manual, "InnoDB Full-Text Indexes", "Boolean Full-Text Searches", "Fine-Tuning MySQL Full-Text Search",
"ngram Full-Text Parser"; MariaDB's handbook, "Full-Text Index Overview".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dbtune.model.access import RelationUse
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Evidence, Subject
from dbtune.model.schema import Index
from dbtune.planner.gate import PlannedStatement, StatementCost
from dbtune.rules.context import Context
from dbtune.rules.finding import Finding
from dbtune.rules.mysql_full_text import METHOD, FullText, full_text_of
from dbtune.rules.mysql_rewriting import Rewritten, rewritten, searching_words
from dbtune.rules.mysql_types import is_text
from dbtune.rules.query_reads import rows_read
from dbtune.rules.registry import rule
from dbtune.rules.wording import rows_words, statement_words, table_words

MANY_ROWS = 10_000
"""Read by one call; fewer are looked through in some milliseconds."""
HIGH_SHARE = 0.2
"""Of the workload's cost."""


@dataclass(frozen=True)
class Search:
    """A statement that looks for a word, with what it reads today, and the index that it can go by."""

    rewritten: Rewritten
    rows: float
    """Of one call."""
    by: FullText

    @property
    def weight(self) -> float:
        """Calls times cost of today."""
        return _weight(self.rewritten.planned, self.rewritten.before)


@rule(
    "query.leading-wildcard",
    group="query",
    severity="medium",
    confidence="heuristic",
    dialects=("mysql", "mariadb"),
    after=("index.missing", "partition.missing"),  # with a FULLTEXT index there, no partitions can be tried
)
def leading_wildcard(ctx: Context) -> Iterator[Finding]:
    """Each column once, with all statements that search it so."""
    found: dict[tuple[QualifiedName, str], list[Search]] = {}
    for planned in ctx.statements:
        for use in planned.facts.uses:
            for by in _ways(ctx, planned, use):
                one = _search(ctx, planned, use, by)
                if one is not None:
                    found.setdefault((use.table, by.column.name), []).append(one)
    for searches in found.values():
        yield _finding(ctx, sorted(searches, key=lambda one: -one.weight))


def _ways(ctx: Context, planned: PlannedStatement, use: RelationUse) -> Iterator[FullText]:
    """By each text that is read of the use, where the statement reads a large part of a large table and matters."""
    table = ctx.snapshot.table(use.table)
    if table is None or (ctx.options.schemas and table.name.schema not in ctx.options.schemas):
        return
    today = ctx.ledger.costs[planned.fingerprint]
    is_dear = _weight(planned, today) >= ctx.options.min_gain * ctx.ledger.total
    if not is_dear or _rows(ctx, today, table.name) < MANY_ROWS:
        return
    for column in map(table.column, sorted(use.columns)):
        by = full_text_of(ctx, table, column) if column is not None and is_text(column) else None
        if by is not None:
            yield by


def _search(ctx: Context, planned: PlannedStatement, use: RelationUse, by: FullText) -> Search | None:
    """None where the statement does not search the column for a word, or would not go by the index."""
    edit = searching_words(use, by.column.name, by.shortest)
    if not any(edit(instance.sql) for instance in planned.instances) or not by.can_be_planned:
        return None
    one = rewritten(ctx, planned, edit, f"{by.column.name} {METHOD}", by.index if by.is_new else None)
    if one is None or not _goes_by(one.after, use, by.index):
        return None
    return Search(one, _rows(ctx, one.before, use.table), by)


def _rows(ctx: Context, cost: StatementCost, table: QualifiedName) -> float:
    """Rows of the table that one call goes over."""
    reads = (read for plan in cost.plans for read in rows_read(plan, ctx.snapshot))
    return max((read.rows for read in reads if read.table == table), default=0.0)


def _goes_by(after: StatementCost, use: RelationUse, index: Index) -> bool:
    """Whether all that is read of the table is found by the index (a mere count, while the statement is planned)."""
    nodes = (node for plan in after.plans for node in plan.root.walk() if node.relation == use.table)
    reading = [node for node in nodes if (node.alias or use.alias).lower() == use.alias.lower()]
    return all(node.index == index.name for node in reading)


def _weight(planned: PlannedStatement, cost: StatementCost) -> float:
    return planned.calls * cost.cost


def _finding(ctx: Context, searches: list[Search]) -> Finding:
    """``searches``: of one column, the dearest first."""
    first = searches[0]
    by, name, column = first.by, first.by.table.name, first.by.column.name
    more = f", and {len(searches) - 1} more" if len(searches) > 1 else ""
    there = f"a FULLTEXT index ({by.index.name})" if by.is_new else f"its FULLTEXT index {by.index.name}"
    return Finding(
        subject=Subject(name.schema, name.name, (column,), by.index.name if by.is_new else None),
        title=f"{name}.{column} is searched by LIKE '%word%', which no B-tree serves",
        reason=(
            f"{statement_words(first.rewritten.planned)}{more}: reads {_amount(ctx, first)} of "
            f"{table_words(ctx, by.table)}. Written as MATCH ({column}) AGAINST ('+word*' IN BOOLEAN MODE) it goes by "
            f"{there}, as EXPLAIN says. That is another question, with other rows as its answer; its gain is to be "
            "measured, since the optimiser takes one row for any such search."
        ),
        evidence=Evidence(
            "heuristic",
            ctx.planner.name,
            bytes=by.bytes,
            statements=tuple(replace(one.rewritten.evidence, cost_after=None) for one in searches),
        ),
        change=by.change,
        risk=" ".join(["To be changed in the program.", by.finds, *([by.price] if by.is_new else [])]),
        severity="medium" if sum(one.weight for one in searches) >= HIGH_SHARE * ctx.ledger.total else "low",
        key=column,
        needs=frozenset() if by.is_new else frozenset({by.index.full_name}),
    )


def _amount(ctx: Context, search: Search) -> str:
    return "all" if search.rows == ctx.rows(search.by.table) else rows_words(search.rows)
