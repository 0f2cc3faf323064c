"""What each version of Postgres can do and which columns its catalogs have: the one table of such facts.

Source: the release notes and ``src/include/catalog`` of each version.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import LiteralString

OLDEST_MAJOR = 12
NEWEST_MAJOR = 18
"""The newest version dbtune was tried on; a newer one is read as if it were this one."""


class Ability(Enum):
    """A fact, with the first major version that has it and the last one (None: all later ones)."""

    DEDUPLICATION = 13, None, "B-trees keep equal keys once; btequalimage says for which types"
    TRIGGER_PARENTS = 13, None, "pg_trigger.tgparentid"
    ROW_TRIGGERS_BEFORE_ON_PARTITIONED = 13, None, "BEFORE ... FOR EACH ROW on a partitioned table"
    PUBLICATION_BY_ROOT = 13, None, "pg_publication.pubviaroot, partitioned tables in publications"
    TID_RANGE_SCAN = 14, None, "a range of ctid reads only its pages"
    COLUMN_COMPRESSION = 14, None, "pg_attribute.attcompression"
    UNKNOWN_TUPLES_AS_MINUS_ONE = 14, None, "pg_class.reltuples is -1, not 0, before the first ANALYZE"
    STATISTICS_ON_EXPRESSIONS = 14, None, "pg_statistic_ext.stxexprs, pg_stats_ext_exprs"
    ICU_DATABASE_LOCALE = 15, 16, "pg_database.daticulocale, pg_collation.colliculocale"
    LOCALE_PROVIDER = 15, None, "pg_database.datlocprovider"
    NULLS_NOT_DISTINCT = 15, None, "pg_index.indnullsnotdistinct"
    INHERITED_EXTENDED_STATISTICS = 15, None, "pg_stats_ext.inherited"
    FILTERED_PUBLICATIONS = 15, None, "pg_publication_rel.prqual, prattrs"
    LAST_INDEX_SCAN = 16, None, "pg_stat_all_indexes.last_idx_scan"
    IDENTITY_OF_PARTITIONS = 17, None, "partitions take the identity of the partitioned table"
    LOCALE = 17, None, "pg_database.datlocale, pg_collation.colllocale"
    NULLABLE_STATISTICS_TARGET = 17, None, "pg_attribute.attstattarget is NULL, not -1, where none is set"
    RANGE_STATISTICS = 17, None, "pg_stats.range_length_histogram and its like"
    NOT_NULL_CONSTRAINTS = 18, None, "NOT NULL stands in pg_constraint (contype n)"
    VIRTUAL_COLUMNS = 18, None, "GENERATED ALWAYS AS ... VIRTUAL"
    RESTORABLE_STATISTICS = 18, None, "pg_restore_relation_stats, pg_restore_attribute_stats"

    def __init__(self, since: int, until: int | None, meaning: str) -> None:
        self.since = since
        self.until = until
        self.meaning = meaning


@dataclass(frozen=True)
class Abilities:
    """What a server of this version can do."""

    major: int

    def has(self, ability: Ability) -> bool:
        return ability.since <= self.major and (ability.until is None or self.major <= ability.until)

    def either(self, ability: Ability, there: LiteralString, otherwise: LiteralString) -> LiteralString:
        """The SQL for a server with the ability, or the one for a server without it."""
        return there if self.has(ability) else otherwise


@dataclass(frozen=True)
class StatementColumns:
    """Names of the columns of ``pg_stat_statements``, which follow the extension's version and not the server's."""

    total_ms: LiteralString
    since: LiteralString
    """When counting of the entry began (an SQL expression)."""
    has_info: bool
    """Whether there is ``pg_stat_statements_info`` with the time of the last reset."""


def statement_columns(extension_version: str) -> StatementColumns:
    """For a version such as ``1.10``.

    Planning and execution are told apart since 1.8, resets dated since 1.9, entries since 1.11.
    """
    version = tuple(int(part) for part in extension_version.split(".") if part.isdigit())
    return StatementColumns(
        total_ms="total_exec_time" if version >= (1, 8) else "total_time",
        since="min(stats_since)" if version >= (1, 11) else "NULL::timestamptz",
        has_info=version >= (1, 9),
    )
