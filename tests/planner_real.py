"""A planner that builds what is asked for: the real server plans on real indexes over real rows. Slow, and right.

The judge of the search and of the other planners: whatever these say must hold here.
"""

from __future__ import annotations

from collections.abc import Iterable

import psycopg

from dbtune.ddl.indexes import create_index, drop_index
from dbtune.ddl.quoting import identifier
from dbtune.model.errors import PlanFailed
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan
from dbtune.model.schema import Index
from dbtune.model.workload import Instance, Limit
from dbtune.planner.plan_reader import read_plan


class RealPlanner:
    """Implements ``dbtune.planner.protocol.Planner`` on a database of the tests."""

    name = "real"
    confidence: Confidence = "proven"
    limits: tuple[Limit, ...] = ()
    keeps_schema = "it is the database of a test"

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._built: frozenset[Index] = frozenset()

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        assert not configuration.drop, "what the tests' databases have stays"
        self._build(configuration.add)
        try:
            row = self._connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {instance.sql}".encode()).fetchone()
        except psycopg.Error as error:
            raise PlanFailed(str(error)) from None
        assert row is not None
        return read_plan(row[0])

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        return tuple(candidates)

    def index_bytes(self, index: Index) -> int:
        self._build(self._built | {index})
        size = "SELECT pg_relation_size(c.oid) FROM pg_class c WHERE relname = %s AND relkind = 'i'"
        row = self._connection.execute(size, [index.name]).fetchone()
        assert row is not None
        return int(row[0])

    def another(self) -> None:
        """One builds enough."""

    def close(self) -> None:
        self._build(frozenset())
        self._connection.close()

    def _build(self, wanted: frozenset[Index]) -> None:
        for index in self._built - wanted:
            self._connection.execute(drop_index(index.qualified_name, concurrently=False).encode())
        for index in wanted - self._built:
            self._connection.execute(create_index(index, concurrently=False).encode())
            if any(key.expression is not None for key in index.keys):  # its values have statistics only then
                self._connection.execute(f"ANALYZE {identifier(index.table.name)}".encode())
        self._built = wanted
