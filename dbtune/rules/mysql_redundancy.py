"""Which index of MySQL and MariaDB answers all that another one does, in the same order."""

from __future__ import annotations

from dataclasses import replace

from dbtune.ddl.mysql_multi_valued import is_multi_valued
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.planner.mysql.index_size import clustered_columns
from dbtune.rules.mysql_tables import is_innodb, is_visible


def begins_with(wider: Index, narrower: Index) -> bool:
    """Whether the wider B-tree begins with the narrower one's keys, in its direction or all turned.

    Of the last of them it may hold more characters. The same keys alone are a duplicate, or a mirror image.
    """
    length = len(narrower.keys)
    if wider is narrower or not _can_stand_in(wider, narrower) or len(wider.keys) < length or not length:
        return False
    if is_multi_valued(wider) and not is_multi_valued(narrower):  # rows whose array is empty are not in it
        return False
    begins = wider.keys[:length]
    if len(wider.keys) == length and not _is_longer(begins[-1], narrower.keys[-1]):
        return False
    return any(
        begins[:-1] == keys[:-1] and (begins[-1] == keys[-1] or _is_longer(begins[-1], keys[-1]))
        for keys in (narrower.keys, tuple(map(_turned, narrower.keys)))
    )


def ends_with_the_rows_key(shorter: Index, longer: Index, table: Table) -> bool:
    """Whether ``longer`` is ``shorter`` and the columns of the primary key, which InnoDB ends every index with.

    True only of a shorter one that is unique: of two plain ones the shorter one is redundant, since the optimiser may
    be told not to use the columns at the end (``use_index_extensions``, MariaDB: ``extended_keys``).
    """
    length = len(shorter.keys)
    if not shorter.unique or not _can_stand_in(shorter, longer) or not is_innodb(table) or shorter.primary:
        return False
    if longer.keys[:length] != shorter.keys or any(key.prefix_length is not None for key in longer.keys):
        return False
    held = {key.column for key in shorter.keys}
    rows_key = [column.name for column in clustered_columns(table) if column.name not in held]
    rest = longer.keys[length:]
    return bool(rest) and [key.column for key in rest] == rows_key[: len(rest)] and not any(k.descending for k in rest)


def _can_stand_in(one: Index, other: Index) -> bool:
    return one.method == other.method == "btree" and (is_visible(one) or not is_visible(other))


def _turned(key: IndexKey) -> IndexKey:
    return replace(key, descending=not key.descending)


def _is_longer(one: IndexKey, other: IndexKey) -> bool:
    """The same column and direction, with more of its characters."""
    if one.column is None or one.column != other.column or one.descending != other.descending:
        return False
    return other.prefix_length is not None and (one.prefix_length or 1 << 62) > other.prefix_length
