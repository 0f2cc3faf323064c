"""The SQL of a new index of MySQL or MariaDB, there and back, without stopping writers.

MySQL makes an index for each foreign key that has none, and drops it silently when another index begins with the key's
columns; the way back would then fail (error 1553). So such an index is dropped openly, in the same statement, and made
again on the way back. Tried on MySQL 9.7 and MariaDB 11.8; MySQL manual, "FOREIGN KEY Constraints", "Conditions and
Restrictions".
"""

from __future__ import annotations

from dbtune.ddl.mysql_alter import AlterTable, build_index, drop_index
from dbtune.ddl.mysql_multi_valued import MultiValued, multi_valued_key
from dbtune.model.recommendation import Change
from dbtune.model.schema import Index
from dbtune.model.snapshot import Snapshot
from dbtune.rules.mysql_changes import there_and_back

INNODB = "InnoDB"


def build_innodb(index: Index, snapshot: Snapshot) -> Change:
    """Build a new index; back: drop it."""
    back = drop_index(index, INNODB, restored=replaced_by(index, snapshot))
    return there_and_back([_build(index, snapshot).sql], [back.sql])


def _build(index: Index, snapshot: Snapshot) -> AlterTable:
    return build_index(index, INNODB, replaced=replaced_by(index, snapshot))


def innodb_risk(index: Index, snapshot: Snapshot) -> str:
    """What the build does to others, in sentences."""
    words = [
        "Writes to the table wait while it is built, since a key is an expression."
        if _build(index, snapshot).stops_writers
        else "The build does not block writers; it waits for open transactions on the table at its start and its end.",
        "Replicas carry it out after the primary has, and lag behind for as long.",
    ]
    array = multi_valued_key(index.keys)
    if array is not None:
        words.append(_of_members(array))
    replaced = replaced_by(index, snapshot)
    if replaced is not None:
        words.append(
            f"It takes the place of {replaced.name}, which the server may have made for the foreign key and would drop "
            "silently."
        )
    return " ".join(words)


def _of_members(array: MultiValued) -> str:
    """What a multi-valued index refuses from then on: errors 3903, 3907, 3908, 3752, 3905 (tried on MySQL 9.7)."""
    kinds = {"unsigned": "whole numbers from 0 up", "signed": "whole numbers"}
    characters = array.type.removeprefix("char").strip("()")
    kind = f"texts of {characters} characters at most" if array.is_text else kinds.get(array.type, array.type)
    example = "7 as '7'" if array.is_text else "1.5 as 2, '12' as 12"
    return (
        f"All members of {array.array} must be {kind}, about a thousand a row at most, now and later: the build fails "
        "on others, on null, objects and arrays among them, and so does an INSERT or UPDATE from then on. What can be "
        f"converted is, and is found so: {example}. A write makes an entry for each member."
    )


def replaced_by(index: Index, snapshot: Snapshot) -> Index | None:
    """The index that the server may have made for a foreign key, which goes when this one is there."""
    table = snapshot.table(index.table)
    for key in table.foreign_keys if table is not None else ():
        length = len(key.columns)
        if index.columns[:length] != key.columns or len(index.keys) == length:
            continue
        for known in table.indexes if table is not None else ():
            own_name = known.name in (key.name, key.columns[0])
            if own_name and not known.unique and known.is_plain and known.columns == key.columns:
                return known
    return None
