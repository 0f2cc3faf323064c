"""EXPLAIN on the scratch server: its answer as a plan, with what the server leaves out of it."""

from __future__ import annotations

from collections.abc import Mapping

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.errors import NotAsked, PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.mariadb_costs import with_mariadb_costs
from dbtune.planner.mysql.prices import RowPrices, with_write_costs
from dbtune.planner.mysql.reading import UNKNOWN_VALUES, read_explain
from dbtune.planner.mysql.relations import Relations, noted_relations
from dbtune.planner.mysql.scratch.constants import lacks_row, put_rows
from dbtune.planner.mysql.scratch.figures import SampledTable


class Explainer:
    """Asks one session. The statements themselves are never run."""

    def __init__(
        self,
        session: MySQLSession,
        snapshot: Snapshot,
        tables: Mapping[QualifiedName, SampledTable],
        prices: RowPrices,
    ) -> None:
        self._session = session
        self._snapshot = snapshot
        self._tables = tables
        self._prices = prices
        self._known: dict[Instance, Relations] = {}
        self._schema: str | None = None

    def plan(self, instance: Instance) -> Plan:
        """The server's plan as it stands, a missing row of a constant put in. Raises PlanFailed, MySQLError."""
        known = self.relations(instance)
        plan = self._ask(instance, known)
        if lacks_row(plan):
            tables = {name: sampled.table for name, sampled in self._tables.items()}
            if put_rows(self._session, instance.sql, known.schema, tables):
                plan = self._ask(instance, known)
            if lacks_row(plan):
                raise NotAsked("it looks up a row that the sample does not hold, and that could not be made there")
        return plan

    def _ask(self, instance: Instance, known: Relations) -> Plan:
        plan = read_explain(self._answer("EXPLAIN FORMAT=JSON ", instance), self._session.version.family, known)
        if not self._session.version.has(MySQLAbility.EXPLAIN_JSON_COST):
            plan = with_mariadb_costs(plan, self.pages)
        return with_write_costs(plan, self._prices, self.pages)

    def pages(self, name: QualifiedName) -> float:
        """Of a table's rows, in production."""
        sampled = self._tables.get(name)
        mysql = sampled.table.mysql if sampled is not None else None
        if mysql is None:
            return 1.0
        return float(mysql.clustered_pages or mysql.data_bytes // self._snapshot.server.block_size or 1)

    def relations(self, instance: Instance) -> Relations:
        """The tables behind the statement's aliases. Raises PlanFailed, MySQLError."""
        known = self._known.get(instance)
        if known is None:
            form = self._session.version.either(MySQLAbility.EXPLAIN_EXTENDED_NOTE, "EXTENDED", "FORMAT=JSON")
            self._answer(f"EXPLAIN {form} ", instance)
            schema = self._snapshot.default_database(instance.search_path)
            known = self._known[instance] = noted_relations(schema, self._session.rows("SHOW WARNINGS"))
        return known

    def _answer(self, words: str, instance: Instance) -> str:
        if instance.generic:
            raise NotAsked(UNKNOWN_VALUES)
        schema = self._snapshot.default_database(instance.search_path)
        if schema and schema != self._schema:
            self._session.use(schema)
            self._schema = schema
        rows = self._session.rows(words + instance.sql.strip().rstrip(";"))
        if not rows:
            raise PlanFailed("the server gave no plan")
        return str(next(iter(rows[0].values())))
