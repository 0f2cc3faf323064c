"""What-if indexes by the HypoPG extension on the target itself (``--planner hypopg``).

The target's own planner and statistics answer, so plans are exact. What HypoPG does not know is the indexes: it takes
the size from the width of the columns without deduplication, and leaves out the descent of the tree. The sizes
reported are therefore dbtune's own. Hypothetical indexes live in the memory of one session: nothing is left on the
server.

Source: HypoPG's documentation, "Usage" (https://hypopg.readthedocs.io/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.indexes import create_index
from dbtune.ddl.quoting import identifier
from dbtune.model.errors import ConnectionFailed, PlanFailed, PlannerUnavailable
from dbtune.model.names import QualifiedName
from dbtune.model.plan import EMPTY_CONFIGURATION, Confidence, Configuration, Plan, PlanNode
from dbtune.model.schema import Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Limit
from dbtune.planner.index_size import index_pages
from dbtune.planner.live import LiveSession

FIRST_VERSION_THAT_HIDES = (1, 4)
"""``hypopg_hide_index``: plan without an index that exists."""
NAME_IN_PLAN = re.compile(r"<(\d+)>")
"""HypoPG names its indexes ``<13583>btree_orders_customer_id``, the number being the object id."""

SIZES = Limit(
    "what-if indexes",
    "hypopg plans with sizes that ignore deduplication and without the descent of the tree: "
    "a new index looks up to a few percent cheaper than it will be",
)


class HypopgPlanner:
    """Plans on the target with hypothetical indexes. A context manager; not thread-safe."""

    def __init__(self, snapshot: Snapshot, url: DatabaseUrl) -> None:
        """Raises PlannerUnavailable where the extension is not installed, ConnectionFailed without a session."""
        self._snapshot = snapshot
        self._session = LiveSession(url, snapshot.search_path)
        self._closed = False
        self._existing: dict[Index, tuple[int, ...]] = {}
        self._names: dict[int, str] = {}
        self._hidden: frozenset[QualifiedName] = frozenset()
        self._refused: dict[Index, Limit] = {}
        installed = installed_version(self._session)
        if installed is None:
            self._session.close()
            raise PlannerUnavailable(
                "this database lacks the extension hypopg: CREATE EXTENSION hypopg, or use --planner shadow"
            )
        schema, self._version = installed
        self._prefix = f"{identifier(schema)}.hypopg_"

    @property
    def name(self) -> str:
        return f"hypopg {self._version}"

    @property
    def confidence(self) -> Confidence:
        return "proven"

    @property
    def limits(self) -> tuple[Limit, ...]:
        found = [SIZES, *self._refused.values()]
        if not self._can_hide:
            found.append(
                Limit("dropping indexes", f"hypopg {self._version} cannot plan without an existing index (1.4 can)")
            )
        return tuple(found)

    def prepare(self, candidates: Iterable[Index]) -> tuple[Index, ...]:
        """Try each what-if index once; those that HypoPG refuses (GIN, say) become Limits."""
        usable: list[Index] = []
        for index in dict.fromkeys(candidates):
            try:
                self._create(index)
            except PlanFailed as error:
                self._refused[index] = Limit(f"index {index.name} on {index.table}", str(error))
            else:
                self._drop(index)
                usable.append(index)
        return tuple(usable)

    def plan(self, instance: Instance, configuration: Configuration = EMPTY_CONFIGURATION) -> Plan:
        """The target's plan under the configuration. Raises PlanFailed with the server's reason."""
        self._switch(configuration)
        plan = self._session.explain(instance)
        return replace(plan, root=self._renamed(plan.root))

    def index_bytes(self, index: Index) -> int:
        """Size once built, by dbtune's own model."""
        table = self._snapshot.table(index.table)
        return 0 if table is None else index_pages(index, table, self._snapshot).bytes

    @property
    def keeps_schema(self) -> str:
        """See ``Planner.keeps_schema``."""
        return "HypoPG knows what-if indexes alone; --planner shadow tries other tables"

    def changed(self, snapshot: Snapshot) -> None:
        """None: only the database as it is can be asked."""

    def another(self) -> None:
        """One session on the target is enough."""

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            self._session.ask(f"SELECT {self._prefix}reset()")
        except (PlanFailed, ConnectionFailed):
            pass  # the session's end removes them too
        finally:
            self._session.close()

    def __enter__(self) -> HypopgPlanner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def _can_hide(self) -> bool:
        return tuple(int(part) for part in re.findall(r"\d+", self._version)[:2]) >= FIRST_VERSION_THAT_HIDES

    def _switch(self, configuration: Configuration) -> None:
        for index in set(self._existing) - configuration.add:
            self._drop(index)
        for index in configuration.add - set(self._existing):
            self._create(index)
        if configuration.drop == self._hidden:
            return
        if not self._can_hide:
            raise PlanFailed(f"hypopg {self._version} cannot plan without an existing index; use --planner shadow")
        self._session.ask(f"SELECT {self._prefix}unhide_all_indexes()")
        for name in configuration.drop:
            self._session.ask(
                f"SELECT {self._prefix}hide_index(c.oid) FROM pg_catalog.pg_class c"
                " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s",
                (name.schema, name.name),
            )
        self._hidden = configuration.drop

    def _create(self, index: Index) -> None:
        made: list[int] = []
        try:
            for table in self._with_files(index.table):
                # HypoPG gives a name of its own, and takes no other
                statement = create_index(replace(index, table=table, name="i"), concurrently=False)
                rows = self._session.ask(f"SELECT indexrelid::int8 FROM {self._prefix}create_index(%s)", (statement,))
                made += [int(str(row[0])) for row in rows]
        except PlanFailed:
            self._drop_ids(made)
            raise
        self._existing[index] = tuple(made)
        self._names.update(dict.fromkeys(made, index.name))

    def _drop(self, index: Index) -> None:
        self._drop_ids(self._existing.pop(index))

    def _drop_ids(self, ids: Iterable[int]) -> None:
        for number in ids:
            self._names.pop(number, None)
            self._session.ask(f"SELECT {self._prefix}drop_index(%s::oid)", (number,))

    def _with_files(self, name: QualifiedName) -> tuple[QualifiedName, ...]:
        """The table, or the partitions of a partitioned one: HypoPG takes no index on the whole."""
        table: Table | None = self._snapshot.table(name)
        if table is None or table.kind != "partitioned":
            return (name,)
        return tuple(leaf for child in self._snapshot.children(name) for leaf in self._with_files(child.name))

    def _renamed(self, node: PlanNode) -> PlanNode:
        """The tree with what-if indexes under the names they were asked by."""
        found = NAME_IN_PLAN.match(node.index or "")
        index = self._names.get(int(found[1]), node.index) if found else node.index
        return replace(node, index=index, children=tuple(self._renamed(child) for child in node.children))


def installed_version(session: LiveSession) -> tuple[str, str] | None:
    """Schema and version of the extension in the session's database, or None."""
    rows = session.ask(
        "SELECT n.nspname, e.extversion FROM pg_catalog.pg_extension e"
        " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'hypopg'"
    )
    return (str(rows[0][0]), str(rows[0][1])) if rows else None
