"""What-if indexes on the scratch server: built once on the rows that are there, then shown and hidden.

INVISIBLE (MySQL 8) and IGNORED (MariaDB 10.6) hide an index for every session in some milliseconds. Where neither is
known the index is dropped and built again.

MySQL takes the selectivity of ``column = ...`` from any index that begins with the column, an invisible one as well
(``index_selectivity`` in ``sql/item_cmpfunc.cc``). So a hidden what-if index gets the distinct values that the
optimiser believes in where there is no index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility, ServerVersion
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_indexes import add_index, alter_table
from dbtune.ddl.mysql_quoting import identifier
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Configuration
from dbtune.model.schema import Index
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.figures import Figures, SampledTable
from dbtune.planner.mysql.scratch.statistics import IndexFigures, Statistics

METHODS = frozenset({"btree", "fulltext", "spatial"})

UNKNOWN_DISTINCT = 10.0
"""A tenth of the rows: what ``column = ...`` leaves where nothing is known (COND_FILTER_EQUALITY)."""

Place = tuple[QualifiedName, str]
"""A table and the name of one of its indexes."""


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
        self._words = _switching_words(session.version)
        self._leaks = session.version.has(MySQLAbility.INVISIBLE_INDEXES)
        self._existing = {
            (index.table, index.name): index for sampled in tables.values() for index in sampled.table.indexes
        }
        self._made: dict[Index, Place] = {}
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
        clauses: dict[QualifiedName, list[str]] = defaultdict(list)
        for place in (*self._existing, *self._made.values()):
            table, name = place
            if (tables is not None and table not in tables) or name == "PRIMARY":
                continue
            if (place in places) == (place in self._hidden):
                continue
            if place in places:
                clauses[table].append(self._hiding(name))
                self._hidden.add(place)
            else:
                clauses[table].append(self._showing(place))
                self._hidden.discard(place)
        for table, words in clauses.items():
            self._session.run(f"ALTER TABLE {identifier(table.schema)}.{identifier(table.name)} {', '.join(words)}")
            if self._words is None:
                self._statistics.put(self._tables[table].table, self._new_figures[table])
        if self._leaks:
            self._unknown = set(places if unknown is None else unknown)
            for table in self._new_figures if tables is None else tables:
                self._tell(table)

    def _tell(self, table: QualifiedName) -> None:
        """Put in the distinct values that the optimiser is to find now, where they are others than before."""
        believed = {name: self._believed((table, name)) for name in self._new_figures.get(table, ())}
        changed = {name: f for name, f in believed.items() if f.n_diff != self._told.get((table, name))}
        if changed:
            self._statistics.put_indexes(self._tables[table].table, changed)
            self._told.update({(table, name): figures.n_diff for name, figures in changed.items()})

    def existing(self, table: QualifiedName, name: str) -> Index | None:
        """The index of that name, what-if or not."""
        found = self._existing.get((table, name))
        return found or next((index for index, place in self._made.items() if place == (table, name)), None)

    def figures(self, table: QualifiedName, name: str) -> tuple[float, ...]:
        """Distinct values of the index's leading columns."""
        new = self._new_figures[table].get(name)
        if new is not None:
            return new.n_diff
        index = self._existing.get((table, name))
        mysql = index.facts.mysql if index is not None and index.facts is not None else None
        return () if mysql is None else tuple(map(float, mysql.n_diff))

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
            UNKNOWN_DISTINCT,
        )
        rows = max(1.0, self._tables[table].rows)
        n_diff = tuple(min(rows, known * UNKNOWN_DISTINCT**place) for place in range(len(figures.n_diff)))
        return IndexFigures(n_diff, figures.leaf_pages, figures.pages)

    def _all(self) -> Iterator[tuple[Place, Index]]:
        yield from self._existing.items()
        for index, place in self._made.items():
            yield place, index

    def _hiding(self, name: str) -> str:
        if self._words is None:
            return f"DROP INDEX {identifier(name)}"
        return f"ALTER INDEX {identifier(name)} {self._words[0]}"

    def _showing(self, place: Place) -> str:
        if self._words is None:
            index = self.existing(*place)
            assert index is not None
            return add_index(index)
        return f"ALTER INDEX {identifier(place[1])} {self._words[1]}"

    def _build(self, table: QualifiedName, indexes: list[Index]) -> None:
        sampled = self._tables.get(table)
        if sampled is None:
            self._refused.update(indexes)
            return
        built = False
        for index in indexes:
            if index.method not in METHODS or index.include or index.predicate is not None:
                self._refused.add(index)
                continue
            if self._words is None:
                self._made[index] = (table, index.name)  # built when it is shown
                self._hidden.add((table, index.name))
            elif not self._add(index):
                continue
            built = True
            if index.method == "btree":
                self._new_figures[table][index.name] = self._figures.of(index, sampled)
        if built and self._words is not None:
            self._statistics.put(sampled.table, self._new_figures[table])
            for name, figures in self._new_figures[table].items():
                self._told[table, name] = figures.n_diff

    def _add(self, index: Index) -> bool:
        assert self._words is not None
        try:
            self._session.run(alter_table(index, add_index(index, hidden=self._words[0])))
        except MySQLError as error:
            self._refused.add(index)
            self.limits.append(
                Limit(f"what-if index {index.name} on {index.table}", f"cannot be built: {first_line(error)}")
            )
            return False
        place = (index.table, index.name)
        self._made[index] = place
        self._hidden.add(place)
        return True


def _switching_words(version: ServerVersion) -> tuple[str, str] | None:
    if version.has(MySQLAbility.INVISIBLE_INDEXES):
        return "INVISIBLE", "VISIBLE"
    if version.has(MySQLAbility.IGNORED_INDEXES):
        return "IGNORED", "NOT IGNORED"
    return None
