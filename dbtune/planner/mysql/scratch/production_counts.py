"""What a sample cannot tell, counted in production: rows of a rare value, and distinct values.

Of a value in 8 of 720,000 rows a sample of 20,000 has none, and says the same of one in 100 rows. Nor does it tell how
many values are in the rows that were not drawn. Production knows: one scan, from which a number comes back and no row.
Of an index that is there, its optimiser tells without a scan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession, read_only_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.mysql_multi_valued import MultiValued, multi_valued, multi_valued_key
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.errors import ConnectionFailed, PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.schema import IndexKey, Table
from dbtune.model.workload import Limit
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.scratch.entries import source, value_expression

QUERY_MS = 10_000
"""That one count may take."""
TOTAL_SECONDS = 60.0
"""That all of them may take."""

COUNTED_VALUES = 50_000.0
"""Values to be held in memory while distinct ones are counted, were each row to have its own."""
LISTS_AT_ONCE = 12
"""Lists of columns whose distinct values one scan counts."""


_Answer = tuple[float, ...] | None
_Read = Callable[[MySQLSession, str], _Answer]
"""Sends a query and reads the numbers of its answer."""


class ProductionCounts:
    """Counts in the target, each in a read-only session of its own; None where the time is up or the server refuses."""

    def __init__(self, target: DatabaseUrl) -> None:
        self._target = target
        self._spent = 0.0
        self._known: dict[str, _Answer] = {}
        self._slow: set[QualifiedName] = set()
        """Tables that could not be read within the time of one count."""

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What was not counted for want of time."""
        if not self._slow and self._spent < TOTAL_SECONDS:
            return ()
        where = f" in {', '.join(sorted(map(str, self._slow)))}" if self._slow else ""
        return (
            Limit(
                "counts",
                f"not all rare values{where} were counted in production, which may take {QUERY_MS // 1000} s a count "
                f"and {TOTAL_SECONDS:g} s in all: the sample tells roughly how many rows they have",
            ),
        )

    def rows(self, table: QualifiedName, alias: str, conditions: Sequence[str]) -> float | None:
        """Rows of the table, called ``alias`` in the conditions, that fit all of them."""
        query = f"SELECT COUNT(*) AS n FROM {qualified(table)} AS {identifier(alias)} WHERE {_all_of(conditions)}"
        found = self._ask(table, query, _numbers)
        return None if found is None else found[0]

    def entries(self, table: QualifiedName, alias: str, index: str, conditions: Sequence[str]) -> float | None:
        """Entries of an index that production has, as its optimiser estimates them: it looks into the index."""
        named = f"{qualified(table)} AS {identifier(alias)} FORCE INDEX ({identifier(index)})"
        # without DISTINCT, MySQL does not look into an index that it is forced to take (check_skip_records_in_range)
        query = f"SELECT DISTINCT 1 FROM {named} WHERE {_all_of(conditions)}"
        found = self._ask(table, query, _reader(Relations(table.schema, {alias: table}), index))
        return None if found is None else found[0]

    def distinct(self, table: Table, lists: Sequence[Sequence[IndexKey]], rows: float) -> list[float | None]:
        """Distinct values of each list of keys, in a table of so many ``rows``.

        Where each row may have its own, only values whose hash falls into one part of many are counted, all rows of
        them: an estimate without bias, however the values are spread (P. Gibbons, Distinct Sampling, VLDB 2001).
        """
        parts = max(1, round(rows / COUNTED_VALUES))
        found: dict[int, float] = {}
        for places in _at_once(lists):
            counts = ", ".join(f"{_distinct(table, lists[place], parts)} AS n{place}" for place in places)
            counted = self._ask(table.name, f"SELECT {counts} FROM {source(table, lists[places[0]])}", _numbers)
            found.update((place, count * parts) for place, count in zip(places, counted or (), strict=False))
        return [found.get(place) for place in range(len(lists))]

    def _ask(self, table: QualifiedName, query: str, read: _Read) -> _Answer:
        if query not in self._known and table not in self._slow and self._spent < TOTAL_SECONDS:
            started = time.monotonic()
            try:
                with read_only_session(self._target, statement_timeout_ms=QUERY_MS) as session:
                    self._known[query] = read(session, query)
            except (MySQLError, ConnectionFailed, PlanFailed):
                self._known[query] = None
            taken = time.monotonic() - started
            self._spent += taken
            if self._known[query] is None and taken * 1000 >= QUERY_MS * 0.9:
                self._slow.add(table)
        return self._known.get(query)


def _numbers(session: MySQLSession, query: str) -> _Answer:
    return tuple(float(value) for value in session.rows(query)[0].values())


def _reader(relations: Relations, index: str) -> _Read:
    """Reads the entries of the index that the server expects to read."""

    def read(session: MySQLSession, query: str) -> _Answer:
        text = str(next(iter(session.rows(f"EXPLAIN FORMAT=JSON {query}")[0].values())))
        plan = read_explain(text, session.version.family, relations)
        counted = next((node.examined_rows for node in plan.root.walk() if node.index == index), None)
        return None if counted is None else (counted,)

    return read


def _all_of(conditions: Sequence[str]) -> str:
    return " AND ".join(f"({condition})" for condition in conditions)


def _at_once(lists: Sequence[Sequence[IndexKey]]) -> Iterator[Sequence[int]]:
    """Places of the lists that one scan counts: an array whose members are counted makes the rows of a scan its own."""
    by_array: dict[MultiValued | None, list[int]] = {}
    for place, keys in enumerate(lists):
        by_array.setdefault(multi_valued_key(keys), []).append(place)
    for places in by_array.values():
        yield from (places[start : start + LISTS_AT_ONCE] for start in range(0, len(places), LISTS_AT_ONCE))


def _distinct(table: Table, keys: Sequence[IndexKey], parts: int) -> str:
    weighed = [_weighed(table, key) for key in keys]
    value = weighed[0] if len(weighed) == 1 else f"CONCAT_WS(',', {', '.join(weighed)})"
    if parts == 1:
        return f"COUNT(DISTINCT {value})"
    return f"COUNT(DISTINCT CASE WHEN CRC32({value}) % {parts} = 0 THEN {value} END)"


def _weighed(table: Table, key: IndexKey) -> str:
    """The same for all that the column's collation takes to be equal; an empty text for NULL."""
    column = table.column(key.column) if key.column is not None else None
    array = multi_valued(key)
    collated = column is not None and column.mysql is not None and column.mysql.collation is not None
    collated = collated or (array is not None and array.is_text)
    text = value_expression(key)
    return f"IFNULL({f'WEIGHT_STRING({text})' if collated else text}, '')"
