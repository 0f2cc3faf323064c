"""The scratch planner for MySQL and MariaDB: what-if plans by the server's own optimiser, with none of its load.

Production's schema is made on a scratch server, with a sample of its rows (or rows made from its statistics), its
statistics at full size, its settings. What-if indexes are built there and shown or hidden. EXPLAIN answers as
production's would, except where the optimiser counts index entries instead of going by statistics: such plans are
corrected, and held against the ones that do without the index in question.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from types import TracebackType

from pymysql.err import MySQLError

from dbtune.connect.mysql import MySQLSession
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.connect.mysql_refusals import code_of, first_line
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.mysql_quoting import qualified
from dbtune.model.errors import ConnectionFailed, PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan
from dbtune.model.progress import NoProgress, Progress
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.mysql.prices import RowPrices
from dbtune.planner.mysql.scratch.correcting import Correction, Corrector, Counted, Exact, LeafPages, unasked
from dbtune.planner.mysql.scratch.explaining import Explainer
from dbtune.planner.mysql.scratch.figures import Figures, SampledTable
from dbtune.planner.mysql.scratch.filling import RowSource, fill_tables
from dbtune.planner.mysql.scratch.host import ScratchHost, open_scratch
from dbtune.planner.mysql.scratch.made_rows import distinct_values
from dbtune.planner.mysql.scratch.mariadb_statistics import MariadbStatistics
from dbtune.planner.mysql.scratch.new_figures import with_new_figures
from dbtune.planner.mysql.scratch.partitioned import PartitionedScratch, alters, counted, foreign_keys
from dbtune.planner.mysql.scratch.production_counts import ProductionCounts
from dbtune.planner.mysql.scratch.production_entries import exact_entries
from dbtune.planner.mysql.scratch.rows import MOST_ROWS
from dbtune.planner.mysql.scratch.sampled_conditions import SampledConditions
from dbtune.planner.mysql.scratch.schema import create_schema, there
from dbtune.planner.mysql.scratch.settings import apply_settings
from dbtune.planner.mysql.scratch.statistics import InnodbStatistics, Statistics, put_histograms
from dbtune.planner.mysql.scratch.what_if import Place, WhatIfIndexes
from dbtune.planner.mysql.totals import with_subqueries
from dbtune.planner.mysql.worked import with_worked_costs

RIVALS = 6
"""Plans asked for at most to find one that beats a plan whose ranges look cheaper than they are."""

NO_FULL_TEXT_INDEX = 1191
"""MATCH of columns whose FULLTEXT index is hidden or not there."""


class ScratchPlanner:
    """Plans statements on a scratch server. A context manager; not thread-safe."""

    def __init__(
        self,
        host: ScratchHost,
        snapshot: Snapshot,
        tables: dict[QualifiedName, SampledTable],
        limits: Iterable[Limit],
        counts: ProductionCounts | None = None,
    ) -> None:
        self._host = host
        self._session = host.session
        self._snapshot = snapshot
        self._tables = tables
        self._limits = tuple(limits)
        page_bytes = snapshot.server.block_size
        self._counts = counts
        self._figures = Figures(self._session, page_bytes, counts)
        self._indexes = WhatIfIndexes(self._session, tables, self._figures, _statistics(self._session, snapshot))
        self._conditions = SampledConditions(self._session, tables, self._indexes.existing)
        self._corrector = Corrector(
            tables,
            self._indexes.mean_rows,
            self._indexes.rare,
            self._conditions.spread,
            self._first_column,
            self._leaf_pages,
            # measured: MariaDB 11.8 on 1 to 450 rows of one index, MySQL 9.7 on 1 and on 21
            fixed_rows=1.3 if host.version.has(MySQLAbility.COST_VARIABLES) else 1.0,
            fixed_rows_of_lookup=0.9 if host.version.has(MySQLAbility.COST_VARIABLES) else 0.0,
            counts_partitions=host.version.family == "mariadb",
        )
        self._prices = RowPrices.of(snapshot)
        self._explainer = Explainer(self._session, snapshot, tables, self._prices)
        self._answers: dict[tuple[Instance, frozenset[Place], frozenset[Place]], Correction] = {}
        """By statement, the indexes of its tables that are shown, and those of whose values the optimiser knows."""
        self.corrected = 0
        """Plans that were corrected so far."""
        self.uncertain = 0
        """Those among them whose ranges hold few sampled rows, or that were corrected in several places."""

    @classmethod
    def open(
        cls,
        snapshot: Snapshot,
        target: DatabaseUrl | None = None,
        progress: Progress | None = None,
        *,
        scratch: str | None = None,
        most_rows: int = MOST_ROWS,
    ) -> ScratchPlanner:
        """Make it: some seconds for a database of usual size.

        ``target``: rows are sampled there, in a read-only session, one scan of each table, and counted where the sample
        does not tell (``production_counts``); None: they are made.
        ``most_rows``: of each table, sampled or made.
        ``scratch``: URL of the scratch server, or ``auto`` or None for DBTUNE_SCRATCH_URL or a server of dbtune's own.
        Raises PlannerUnavailable.
        """
        progress = progress or NoProgress()
        if snapshot.server.dialect == "postgres":
            raise PlannerUnavailable("the scratch planner is for MySQL and MariaDB; Postgres has the shadow")
        host = open_scratch(snapshot.server, progress, scratch)
        counts = None if target is None else ProductionCounts(target)
        return cls.on(host, snapshot, RowSource(target, most_rows), progress, counts)

    @classmethod
    def on(
        cls,
        host: ScratchHost,
        snapshot: Snapshot,
        rows: RowSource,
        progress: Progress,
        counts: ProductionCounts | None = None,
    ) -> ScratchPlanner:
        """Make it on that host, which is closed with it. Raises PlannerUnavailable."""
        try:
            return cls._build(host, snapshot, rows, progress, counts)
        except MySQLError as error:
            host.close()
            raise PlannerUnavailable(f"the scratch server could not be filled: {first_line(error)}") from error
        except BaseException:
            host.close()
            raise

    @classmethod
    def _build(
        cls,
        host: ScratchHost,
        snapshot: Snapshot,
        rows: RowSource,
        progress: Progress,
        counts: ProductionCounts | None,
    ) -> ScratchPlanner:
        limits = list(host.limits)
        progress.step(f"recreating {len(snapshot.tables)} tables on the scratch server")
        limits += create_schema(host, snapshot)
        tables = there(host.session, snapshot.tables)
        sampled, more = fill_tables(host, snapshot, list(tables), rows, progress)
        limits += more
        progress.step("giving the scratch server production's statistics and settings")
        host.session.run("SET SESSION sql_mode = ''")
        for one in sampled.values():
            origin = rows.origin(one.table.name)
            if origin is not None:
                one.table = with_new_figures(host.session, one, origin, snapshot.server.block_size)
        if host.version.family == "mysql":
            limits += put_histograms(host.session, tables)
        statistics = _statistics(host.session, snapshot)
        for table in tables:
            statistics.put(sampled[table.name].table, {})
        limits += apply_settings(host, snapshot)
        return cls(host, snapshot, sampled, limits, counts)

    @property
    def name(self) -> str:
        return f"scratch ({self._host.version.name})"

    @property
    def confidence(self) -> Confidence:
        """``estimated`` where nothing is known of the values in a what-if index: the plan is the server's own then, and
        the numbers behind it are guesses."""
        return "proven" if all(map(self._is_known, self._indexes.made)) else "estimated"

    def _is_known(self, index: Index) -> bool:
        sampled = self._tables.get(index.table)
        if sampled is None or sampled.drawn:
            return True
        columns = [sampled.table.column(key.column or "") for key in index.keys]
        return all(c is not None and distinct_values(sampled.table, c, sampled.rows) is not None for c in columns)

    @property
    def limits(self) -> tuple[Limit, ...]:
        found = [*self._limits, *self._indexes.limits, *(self._counts.limits if self._counts is not None else ())]
        if self.corrected:
            found.append(
                Limit(
                    "costs of ranges",
                    f"{self.corrected} plans count index entries where the scratch server has a sample of them: their "
                    f"rows and costs were multiplied to production's size; {self.uncertain} of them roughly (few "
                    "sampled rows, or several tables)",
                )
            )
        return tuple(found)

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """Build the what-if indexes, hidden; may be called again with more. Those the server refuses become Limits."""
        try:
            return self._indexes.make(candidates)
        except MySQLError as error:
            raise PlannerUnavailable(f"what-if indexes could not be made: {first_line(error)}") from error

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """The plan under the configuration; the statement is never run. Raises PlanFailed with the server's reason."""
        try:
            made = self._indexes.make(configuration.add)
            if len(made) < len(configuration.add):
                refused = next(iter(configuration.add - set(made)))
                raise PlanFailed(f"the what-if index {refused.name} on {refused.table} cannot be made")
            return self._best(instance, self._indexes.places(configuration)).plan
        except MySQLError as error:
            raise PlanFailed(first_line(error)) from None
        except ConnectionFailed as error:
            raise PlanFailed(f"the scratch server is gone: {error}") from None

    def index_bytes(self, index: Index) -> int:
        """Predicted size once built, in bytes."""
        sampled = self._tables.get(index.table)
        return 0 if sampled is None else self._figures.size(index, sampled).bytes

    @property
    def keeps_schema(self) -> str:
        """Empty: it may change them."""
        return ""

    def changed(self, snapshot: Snapshot) -> PartitionedScratch | None:
        """This server with tables in the partitions that they have in ``snapshot``; None where there are none such.

        Until it is closed, this planner answers for the changed tables as well.
        """
        steps = [step for step in alters(self._snapshot, snapshot) if step[2].name in self._tables]
        if not steps:
            return None
        before, done = self._answers, ExitStack()
        done.callback(setattr, self, "_answers", before)
        self._answers = {}
        try:
            for up, down, table in steps:
                for drop in foreign_keys(self._snapshot, table):
                    with suppress(MySQLError):  # dropped before
                        self._session.run(drop)
                done.callback(self._alter, down, self._tables[table.name].table)
                self._alter(up, table)
        except MySQLError as error:
            with suppress(MySQLError):
                done.close()
            raise PlannerUnavailable(f"the table cannot be put in partitions: {first_line(error)}") from error
        return PartitionedScratch(self, done.close, exact=self._host.version.family == "mysql")

    def _alter(self, statement: str, table: Table) -> None:
        """Alter a table, and give it the statistics of what it is then."""
        self._session.run(statement)
        self._session.rows(f"ANALYZE TABLE {qualified(table.name)}")
        self._tables[table.name].table = counted(self._session, table)
        self._indexes.restate(table.name)

    def another(self) -> None:
        """None: an index is hidden from every session of a server at once."""

    def close(self) -> None:
        """Remove what was made. May be called more than once."""
        self._host.close()

    def __enter__(self) -> ScratchPlanner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _best(self, instance: Instance, hidden: frozenset[Place]) -> Correction:
        """The cheapest plan after correction: the optimiser's, or one without an index that it took for too cheap.

        The plan that production would choose is among them: there each range has its true cost. What the optimiser
        knows of the index's values it knows in production as well, so only what the question hides is kept from it.
        LIMIT has no say in the order of a join, so it has none here.
        """
        best: Correction | None = None
        waiting, seen = [hidden], {hidden}
        counted: dict[Counted, float] = {}
        while waiting and len(seen) <= RIVALS + 1:
            places = waiting.pop(0)
            try:
                correction = self._corrected(instance, places, hidden, counted)
            except MySQLError:
                if best is None:
                    raise
                continue  # a hint of the statement names the index: there is no plan without it
            if best is None or correction.is_before(best):
                best = correction
            counted.update({where: rows for where, rows in correction.found.items() if where not in counted})
            for index in sorted(correction.indexes):
                rival = places | {index}
                if index[1] != "PRIMARY" and rival not in seen and len(seen) <= RIVALS:
                    seen.add(rival)
                    waiting.append(rival)
        assert best is not None
        return best

    def _corrected(
        self,
        instance: Instance,
        hidden: frozenset[Place],
        unknown: frozenset[Place],
        counted: Mapping[Counted, float],
    ) -> Correction:
        """The plan with these hidden. ``counted``: ``Correction.found`` of plans with fewer hidden."""
        tables = self._tables_of(instance, hidden)
        question = instance, self._indexes.shown(hidden, tables), self._indexes.shown(unknown, tables)
        known = self._answers.get(question)
        if known is not None:
            return known
        self._indexes.hide(hidden, tables, unknown)
        plan = self._explainer.plan(instance)
        kept_back = hidden - unknown
        found: dict[str, float] = {}
        for (alias, *place), rows in counted.items():
            if tuple(place) in kept_back:
                found[alias] = min(rows, found.get(alias, rows))
        correction = self._corrector.correct(plan, found, self._exact(instance))
        correction.joined_cost = correction.plan.cost
        comparisons = self._explainer.relations(instance).comparisons
        correction.plan = self._conditions.corrected(correction.plan, instance.sql, comparisons)
        family = self._host.version.family
        correction.plan = with_worked_costs(correction.plan, instance.sql, self._prices, family)
        correction.plan = with_subqueries(correction.plan)
        if correction.tables:
            self.corrected += 1
            self.uncertain += correction.few or correction.tables > 1
        self._answers[question] = correction
        return correction

    def _exact(self, instance: Instance) -> Exact:
        if self._counts is None:
            return unasked
        known = self._explainer.relations(instance)
        return exact_entries(self._counts, known, self._indexes.existing, self._indexes.is_in_production)

    def _tables_of(self, instance: Instance, hidden: frozenset[Place]) -> frozenset[QualifiedName] | None:
        """The statement's tables; None where the server does not tell."""
        try:
            found = self._explainer.relations(instance)
        except MySQLError as error:
            if code_of(error) != NO_FULL_TEXT_INDEX:
                raise
            self._indexes.hide(hidden, None)
            found = self._explainer.relations(instance)
        return frozenset(found.by_alias.values()) or None

    def _leaf_pages(self, table: QualifiedName, name: str) -> LeafPages | None:
        index, sampled = self._indexes.existing(table, name), self._tables.get(table)
        if index is None or sampled is None:
            return None
        known = index.facts.mysql.leaf_pages if index.facts is not None and index.facts.mysql is not None else None
        if index.primary:  # rows lie in its leaves, not entries
            pages = known or self._explainer.pages(table)
            return LeafPages(pages, max(1.0, pages / sampled.scale))
        predicted = float(self._figures.size(index, sampled).leaf_pages)
        return LeafPages(
            # the server's own count is an estimate as well, and says 1 where few values repeat
            max(predicted, float(known or 0.0)),
            float(self._figures.size(index, sampled, float(sampled.sampled)).leaf_pages),
        )

    def _first_column(self, table: QualifiedName, name: str) -> str | None:
        index = self._indexes.existing(table, name)
        return None if index is None else index.keys[0].column


def _statistics(session: MySQLSession, snapshot: Snapshot) -> Statistics:
    if session.version.family == "mysql":
        return InnodbStatistics(session, snapshot.server.block_size)
    # of production; 11 and 10 have it on, older ones do not name it so
    used = snapshot.settings.get("use_stat_tables", "preferably_for_queries").lower() not in ("never", "0")
    return MariadbStatistics(session, used=used)
