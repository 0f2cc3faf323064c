"""What-if indexes on the scratch server: built once on the rows that are there, then shown and hidden.

INVISIBLE (MySQL 8) and IGNORED (MariaDB 10.6) hide an index for every session in some milliseconds. Where neither is
known the index is dropped and built again. So are those that a table has no room for: it may have 64 at most.

MySQL takes the selectivity of ``column = ...`` from any index that begins with the column, an invisible one as well
(``index_selectivity`` in ``sql/item_cmpfunc.cc``). So a hidden what-if index gets the distinct values that the
optimiser believes in where there is no index.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility, hiding_words
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_alter import drop_clause, show_clause
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.entries import converted
from dbtune.planner.mysql.scratch.figures import Figures, SampledTable
from dbtune.planner.mysql.scratch.statistics import IndexFigures, Statistics

METHODS = frozenset({"btree", "fulltext", "spatial"})

UNKNOWN_DISTINCT = 10.0
"""A tenth of the rows: what ``column = ...`` leaves where nothing is known (COND_FILTER_EQUALITY)."""

MOST_INDEXES = 64
"""Of one table (MAX_KEY), the primary key among them."""

Place = tuple[QualifiedName, str]
"""A table and the name of one of its indexes."""


_ENUM_VALUE = re.compile(r"'(?:[^']|'')*'")


def guessed_distinct(table: Table, key: IndexKey | None) -> float:
    """Distinct values that MySQL takes a column to have of which it knows nothing: ten, or all that an ENUM can have
    (``Item_field::get_cond_filter_default_probability``)."""
    column = table.column(key.column) if key is not None and key.column is not None else None
    if column is None or not column.type.lower().startswith("enum"):
        return UNKNOWN_DISTINCT
    return min(UNKNOWN_DISTINCT, float(max(1, len(_ENUM_VALUE.findall(column.type)))))


class WhatIfIndexes:
    """All indexes of the scratch server: those of production, and what-if ones, each shown or hidden at present."""

    def __init__(
        self,
        session: MySQLSession,
        tables: Mapping[QualifiedName, SampledTable],
        figures: Figures,
        statistics: Statistics,
    ) -> None:
        self._session = session
        self._tables = tables
        self._figures = figures
        self._statistics = statistics
        self._words = hiding_words(session.version)
        self._leaks = session.version.has(MySQLAbility.INVISIBLE_INDEXES)
        self._existing = {
            (index.table, index.name): index for sampled in tables.values() for index in sampled.table.indexes
        }
        self._made: dict[Index, Place] = {}
        self._built: dict[Place, None] = {}
        """Those of the made ones that are on the server now, the one shown longest ago first."""
        self._refused: set[Index] = set()
        self._hidden: set[Place] = {
            place
            for place, index in self._existing.items()
            if index.facts is not None and index.facts.mysql is not None and not index.facts.mysql.visible
        }
        self._always_hidden = frozenset(self._hidden)
        self._unknown: set[Place] = set()
        self._told: dict[Place, tuple[float, ...]] = {}
        """Distinct values that are in the statistics now, of what-if indexes."""
        self._new_figures: dict[QualifiedName, dict[str, IndexFigures]] = defaultdict(dict)
        self.limits: list[Limit] = []

    @property
    def made(self) -> Collection[Index]:
        """All what-if indexes so far."""
        return self._made.keys()

    def make(self, indexes: Iterable[Index]) -> tuple[Index, ...]:
        """Build those that are not there yet, hidden; all of them that can be planned with."""
        wanted = tuple(dict.fromkeys(indexes))
        new: dict[QualifiedName, list[Index]] = defaultdict(list)
        for index in wanted:
            if index not in self._made and index not in self._refused:
                new[index.table].append(index)
        for table, ones in new.items():
            self._build(table, ones)
        return tuple(index for index in wanted if index in self._made)

    def places(self, configuration: Configuration) -> frozenset[Place]:
        """The indexes that are to be hidden under the configuration."""
        added = {self._made[index] for index in configuration.add if index in self._made}
        dropped = {place for place, index in self._existing.items() if index.full_name in configuration.drop}
        return frozenset((set(self._made.values()) - added) | dropped | self._always_hidden)

    def shown(self, hidden: Collection[Place], tables: Collection[QualifiedName] | None) -> frozenset[Place]:
        """The indexes on these tables (None: on all) that are there and not among the hidden ones."""
        return frozenset(
            place
            for place in (*self._existing, *self._made.values())
            if place not in hidden and (tables is None or place[0] in tables)
        )

    def hide(
        self,
        places: Collection[Place],
        tables: Collection[QualifiedName] | None,
        unknown: Collection[Place] | None = None,
    ) -> None:
        """Hide these and show all others, on the given tables (None: on all).

        ``unknown``: those of the hidden ones of whose values the optimiser is to know nothing; None: all.
        """
        to_hide: dict[QualifiedName, list[Place]] = defaultdict(list)
        to_show: dict[QualifiedName, list[Place]] = defaultdict(list)
        for place in (*self._existing, *self._made.values()):
            table, name = place
            if (tables is not None and table not in tables) or name == "PRIMARY":
                continue
            if (place in places) != (place in self._hidden):
                (to_hide if place in places else to_show)[table].append(place)
        for table in {**to_hide, **to_show}:
            self._switch(table, to_hide[table], to_show[table])
        if self._leaks:
            self._unknown = set(places if unknown is None else unknown)
            for table in self._new_figures if tables is None else tables:
                self._tell(table)

    def _switch(self, table: QualifiedName, to_hide: Sequence[Place], to_show: Sequence[Place]) -> None:
        """Hide and show indexes of one table at once."""
        missing = [place for place in to_show if self._is_missing(place)]
        dropped = self._leaving(table, len(missing), to_show)
        words = [self._hiding(place) for place in to_hide if place not in dropped]
        words += [drop_clause(name) for _, name in dropped]
        words += [self._showing(place) for place in to_show]
        self._session.run(alter_table(table, *words))
        self._hidden.update(to_hide)
        self._hidden.difference_update(to_show)
        for place in (*dropped, *(place for place in to_show if place not in self._existing)):
            self._built.pop(place, None)
        if self._words is None:
            for place in to_hide:
                self._built.pop(place, None)
        self._built.update((place, None) for place in to_show if place not in self._existing)
        if missing or dropped:
            self._put(table)

    def _is_missing(self, place: Place) -> bool:
        return place not in self._built and (place not in self._existing or self._words is None)

    def _leaving(self, table: QualifiedName, wanted: int, to_show: Collection[Place] = ()) -> list[Place]:
        """Hidden what-if indexes that make room for so many new ones."""
        here = [place for place in self._built if place[0] == table]
        existing = sum(1 for place in self._existing if place[0] == table)
        over = existing + len(here) + wanted - MOST_INDEXES
        free = [place for place in here if place in self._hidden and place not in to_show]
        return free[: max(0, over)]

    def restate(self, table: QualifiedName) -> None:
        """Put the statistics of the table and its indexes in anew: an ALTER TABLE has undone them."""
        self._put(table)

    def _put(self, table: QualifiedName) -> None:
        """Statistics of the table's indexes: building one undoes them."""
        figures = {name: f for name, f in self._new_figures[table].items() if (table, name) in self._built}
        self._statistics.put(self._tables[table].table, figures)
        for name, known in figures.items():
            self._told[table, name] = known.n_diff

    def _tell(self, table: QualifiedName) -> None:
        """Put in the distinct values that the optimiser is to find now, where they are others than before."""
        here = [name for name in self._new_figures.get(table, ()) if (table, name) in self._built]
        believed = {name: self._believed((table, name)) for name in here}
        changed = {name: f for name, f in believed.items() if f.n_diff != self._told.get((table, name))}
        if changed:
            self._statistics.put_indexes(self._tables[table].table, changed)
            self._told.update({(table, name): figures.n_diff for name, figures in changed.items()})

    def existing(self, table: QualifiedName, name: str) -> Index | None:
        """The index of that name, what-if or not."""
        found = self._existing.get((table, name))
        return found or next((index for index, place in self._made.items() if place == (table, name)), None)

    def is_in_production(self, table: QualifiedName, name: str) -> bool:
        """Whether the index is there, and its optimiser sees it."""
        return (table, name) in self._existing and (table, name) not in self._always_hidden

    def figures(self, table: QualifiedName, name: str) -> tuple[float, ...]:
        """Distinct values of the index's leading columns."""
        new = self._new_figures[table].get(name)
        if new is not None:
            return new.n_diff
        index = self._existing.get((table, name))
        mysql = index.facts.mysql if index is not None and index.facts is not None else None
        return () if mysql is None else tuple(map(float, mysql.n_diff))

    def mean_rows(self, table: QualifiedName, name: str, length: int) -> float | None:
        """Entries in production that the index has on average for a value of its first columns; None: not known."""
        index, values = self.existing(table, name), self.figures(table, name)
        if index is None or not values or not length:
            return None
        sampled = self._tables[table]
        entries = sampled.rows * self._figures.entries_a_row(index.keys, sampled)
        return entries / max(1.0, values[min(length, len(values)) - 1])

    def rare(self, table: QualifiedName, name: str, length: int) -> float | None:
        """See ``Figures.rare``: of the index's first columns."""
        index = self.existing(table, name)
        return None if index is None else self._figures.rare(index.keys[:length], self._tables[table])

    def _believed(self, place: Place) -> IndexFigures:
        """What the optimiser is to find in the statistics of a what-if index, shown or hidden."""
        table, name = place
        figures = self._new_figures[table][name]
        if place not in self._unknown:
            return figures
        index = self.existing(table, name)
        first = index.keys[0] if index is not None else None
        others = ((where, other) for where, other in self._all() if where != place and where not in self._unknown)
        known = next(
            (
                values[0]
                for (where, other_name), other in others
                if where == table and other.keys[0] == first and (values := self.figures(where, other_name))
            ),
            guessed_distinct(self._tables[table].table, first),
        )
        rows = max(1.0, self._tables[table].rows)
        n_diff = tuple(min(rows, known * UNKNOWN_DISTINCT**place) for place in range(len(figures.n_diff)))
        return IndexFigures(n_diff, figures.leaf_pages, figures.pages)

    def _all(self) -> Iterator[tuple[Place, Index]]:
        yield from self._existing.items()
        for index, place in self._made.items():
            yield place, index

    def _hiding(self, place: Place) -> str:
        return drop_clause(place[1]) if self._words is None else show_clause(place[1], self._words[0])

    def _showing(self, place: Place) -> str:
        if self._words is None or self._is_missing(place):
            index = self.existing(*place)
            assert index is not None
            return add_index(index)
        return show_clause(place[1], self._words[1])

    def _build(self, table: QualifiedName, indexes: list[Index]) -> None:
        sampled = self._tables.get(table)
        if sampled is None:
            self._refused.update(indexes)
            return
        built: list[Index] = []
        for index in indexes:
            if index.method not in METHODS or index.include or index.predicate is not None:
                self._refused.add(index)
                continue
            if self._converts(index, sampled):
                continue
            if self._words is None:
                self._made[index] = (table, index.name)  # built when it is shown
                self._hidden.add((table, index.name))
            elif not self._add(index):
                continue
            built.append(index)
        trees = [index for index in built if index.method == "btree"]
        self._figures.count(trees, sampled)
        for index in trees:
            self._new_figures[table][index.name] = self._figures.of(index, sampled)
        if built and self._words is not None:
            self._put(table)

    def _converts(self, index: Index, sampled: SampledTable) -> bool:
        """Whether there are members that the index does not hold as they are: it is left out then."""
        query = converted(sampled.table, index.keys)
        if query is None or not int(self._session.rows(query)[0]["n"]):
            return False
        self._refused.add(index)
        why = "left out: members of the array are of another type, which it refuses or converts"
        self.limits.append(Limit(f"what-if index {index.name} on {index.table}", why))
        return True

    def _add(self, index: Index) -> bool:
        assert self._words is not None
        leaving = self._leaving(index.table, 1)
        words = [drop_clause(name) for _, name in leaving]
        try:
            self._session.run(alter_table(index.table, *words, add_index(index, hidden=self._words[0])))
        except MySQLError as error:
            self._refused.add(index)
            self.limits.append(
                Limit(f"what-if index {index.name} on {index.table}", f"cannot be built: {first_line(error)}")
            )
            return False
        place = (index.table, index.name)
        for one in leaving:
            del self._built[one]
        self._made[index] = place
        self._built[place] = None
        self._hidden.add(place)
        return True
