"""A FULLTEXT index of one column of MySQL or MariaDB, there or new: what it takes, what it finds, and the SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.ddl.indexes import index_name
from dbtune.ddl.mysql_alter import build_index, drop_index
from dbtune.model.recommendation import Change
from dbtune.model.schema import Column, Index, IndexKey, Table
from dbtune.model.units import human_bytes
from dbtune.planner.mysql.full_text_size import full_text_bytes
from dbtune.rules.context import Context
from dbtune.rules.mysql_changes import altered
from dbtune.rules.mysql_tables import engine_of, index_facts, is_innodb, is_visible

METHOD = "fulltext"
NGRAM = "ngram"
SHORTEST = {"ngram_token_size": 2, "innodb_ft_min_token_size": 3, "ft_min_word_len": 4}
"""Characters of the shortest word in an index, by the variable that says so, and its default."""

COPIED = "the table is copied to get the hidden column FTS_DOC_ID, which stays when the index goes"


@dataclass(frozen=True)
class FullText:
    """The index that MATCH of this column alone goes by."""

    ctx: Context
    table: Table
    column: Column
    index: Index

    @property
    def is_new(self) -> bool:
        return self.index.facts is None

    @property
    def is_first(self) -> bool:
        """Whether the table has no FULLTEXT index yet, as far as can be seen."""
        return not any(known.method == METHOD for known in self.ctx.existing_indexes(self.table))

    @property
    def can_be_planned(self) -> bool:
        """Whether the planner has the index, or can make it."""
        return not self.is_new or bool(self.ctx.gate.crew.prepare([self.index]))

    @property
    def has_pieces(self) -> bool:
        """Whether texts are cut into pieces of some characters, whatever words they belong to."""
        return index_facts(self.index).parser == NGRAM

    @property
    def variable(self) -> str:
        """What says how long a word in the index is at least."""
        if self.has_pieces:
            return "ngram_token_size"
        return "innodb_ft_min_token_size" if is_innodb(self.table) else "ft_min_word_len"

    @property
    def shortest(self) -> int:
        """Characters of the shortest word in the index."""
        value = self.ctx.snapshot.settings.get(self.variable, "")
        return int(value) if value.isdigit() else SHORTEST[self.variable]

    @property
    def bytes(self) -> int | None:
        """Of a new one. Where nothing is known of the values, as if all of a row were this text."""
        family, mysql = self.ctx.snapshot.server.dialect, self.table.mysql
        if not self.is_new or family == "postgres" or mysql is None:
            return None
        known = self.column.statistics.avg_width if self.column.statistics is not None else 0
        rows, text_bytes = self.ctx.rows(self.table) or 0.0, float(known or mysql.average_row_bytes)
        return full_text_bytes(family, rows, text_bytes, first=self.is_first)

    @property
    def change(self) -> Change:
        """Builds it, and drops it again; nothing where it is there."""
        if not self.is_new:
            return Change()
        engine = engine_of(self.table)
        up, down = build_index(self.index, engine), drop_index(self.index, engine)
        return altered(self.ctx.snapshot, self.table, [up], [down])

    @property
    def finds(self) -> str:
        """What a search by it finds and what not, in sentences."""
        if self.has_pieces:
            return "It finds pieces of texts (parser ngram), some of them by chance."
        return (
            "It finds words that begin so, in any order, and no parts of words: 'word' does not find 'sword'. Words of "
            f"fewer than {self.shortest} characters ({self.variable}) and stopwords are not in the index; what is not "
            "committed is not found."
        )

    @property
    def price(self) -> str:
        """What a new one takes, in sentences."""
        copied = f", and {COPIED}" if self.is_first else ""
        return (
            f"It takes about {human_bytes(self.bytes or 0)} for prose, several times that for codes, and each write of "
            f"the column is cut into words. Writers wait while it is built{copied}. Replicas carry it out after the "
            "primary has, and lag behind for as long."
        )


def full_text_of(ctx: Context, table: Table, column: Column) -> FullText | None:
    """By the index that is there, or a new one; None where InnoDB can have none (it has none on partitioned tables)."""
    for known in ctx.existing_indexes(table):
        if known.method == METHOD and known.columns == (column.name,) and is_visible(known):
            return FullText(ctx, table, column, known)
    if not is_innodb(table) or (table.mysql is not None and table.mysql.partitioning is not None):
        return None
    new = Index("", table.name, (IndexKey(column.name),), METHOD)
    named = replace(new, name=index_name(new, {known.name for known in ctx.kept_indexes(table)}))
    return FullText(ctx, table, column, named)
