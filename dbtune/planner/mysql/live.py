"""EXPLAIN on the user's own MySQL or MariaDB: nothing is run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession, read_only_session
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.connect.mysql_refusals import first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.model.errors import NotAsked, PlanFailed
from dbtune.model.plan import Plan
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.planner.mysql.mariadb_costs import Pages, with_mariadb_costs
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.mysql.reading import UNKNOWN_VALUES, read_explain
from dbtune.planner.mysql.relations import noted_relations
from dbtune.planner.mysql.totals import with_subqueries
from dbtune.planner.mysql.worked import with_worked_costs

EXPLAIN_TIMEOUT_MS = 10_000


class PlansOfSession:
    """Plans statements in a session, and runs none of them."""

    def __init__(self, session: MySQLSession, snapshot: Snapshot, pages: Pages) -> None:
        """``pages``: of a table's rows, for versions that tell no costs."""
        self.session = session
        self._snapshot = snapshot
        self._pages = pages
        self._schema: str | None = None
        if self.session.version.has(MySQLAbility.EXPLAIN_JSON_VERSION_2):
            self.session.run("SET SESSION explain_json_format_version = 1")

    def plan(self, instance: Instance) -> Plan:
        """The statement's plan, with the cost of its subqueries. Raises PlanFailed with the server's reason."""
        if instance.generic:
            raise NotAsked(UNKNOWN_VALUES)
        sql = instance.sql.strip().rstrip(";")
        try:
            schema = self.use(instance.search_path)
            rows, notes = self.session.explain_noted("FORMAT=JSON", sql)
            if self.session.version.has(MySQLAbility.EXPLAIN_EXTENDED_NOTE):
                _, notes = self.session.explain_noted("EXTENDED", sql)
        except MySQLError as error:
            raise PlanFailed(first_line(error)) from None
        known = noted_relations(schema, notes)
        plan = read_explain(str(next(iter(rows[0].values()))), self.session.version.family, known)
        if not self.session.version.has(MySQLAbility.EXPLAIN_JSON_COST):
            plan = with_mariadb_costs(plan, self._pages)
        plan = with_worked_costs(plan, sql, RowPrices.of(self._snapshot), self.session.version.family)
        return with_subqueries(plan)

    def use(self, search_path: Sequence[str]) -> str:
        """Make the statement's database, or the snapshot's, the session's; its name. Raises pymysql's errors."""
        schema = self._snapshot.default_database(search_path)
        if schema and schema != self._schema:
            self.session.use(schema)
            self._schema = schema
        return schema


class LiveMySQL(PlansOfSession):
    """The same in a read-only session of its own on the target."""

    def __init__(self, url: DatabaseUrl, snapshot: Snapshot, pages: Pages) -> None:
        """``pages``: of a table's rows, for versions that tell no costs. Raises ConnectionFailed."""
        self._stack = ExitStack()
        session = self._stack.enter_context(read_only_session(url, statement_timeout_ms=EXPLAIN_TIMEOUT_MS))
        super().__init__(session, snapshot, pages)

    def close(self) -> None:
        """End the session. May be called more than once."""
        self._stack.close()
