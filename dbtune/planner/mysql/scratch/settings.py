"""What else the optimiser goes by: cost constants and variables, as production has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pymysql.err import MySQLError

from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.connect.mysql_refusals import first_line
from dbtune.ddl.mysql_quoting import literal
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit
from dbtune.planner.mysql.scratch.host import ScratchHost

SESSION_SETTINGS = (
    "optimizer_prune_level",
    "optimizer_search_depth",
    "optimizer_use_condition_selectivity",
    "optimizer_selectivity_sampling_limit",
    "optimizer_max_sel_arg_weight",
    "optimizer_adjust_secondary_key_costs",
    "optimizer_where_cost",
    "optimizer_scan_setup_cost",
    "optimizer_join_limit_pref_ratio",
    "eq_range_index_dive_limit",
    "max_seeks_for_key",
    "range_optimizer_max_mem_size",
    "join_buffer_size",
    "join_cache_level",
    "join_buffer_space_limit",
    "sort_buffer_size",
    "max_length_for_sort_data",
    "tmp_table_size",
    "max_heap_table_size",
    "mrr_buffer_size",
    "in_predicate_conversion_threshold",
    "big_tables",
    "cte_max_recursion_depth",
    "div_precision_increment",
    "sql_mode",
    "collation_connection",
    "old_mode",
)

NOT_COPIED = frozenset({"hypergraph_optimizer", "use_invisible_indexes"})
"""Switches of another scale of costs, and of the very thing that is switched here."""

_IN_COST = re.compile(r"optimizer_\w+_cost|optimizer_disk_read_ratio")
_WHOLE = re.compile(r"-?\d+(?:\.\d+)?")


def apply_settings(host: ScratchHost, snapshot: Snapshot) -> list[Limit]:
    """Set them, for this session where that is enough. What another version does not know becomes a Limit."""
    limits = _mysql_costs(host, snapshot) if host.version.family == "mysql" else _mariadb_costs(host, snapshot)
    host.renew()
    limits += _variables(host, snapshot)
    if host.version.has(MySQLAbility.EXPLAIN_JSON_VERSION_2):
        host.session.run("SET SESSION explain_json_format_version = 1")
    if host.version.family == "mariadb":
        host.session.run("SET SESSION use_stat_tables = 'preferably_for_queries'")
    return limits


def _variables(host: ScratchHost, snapshot: Snapshot) -> Iterator[Limit]:
    wanted = {name: snapshot.settings[name] for name in SESSION_SETTINGS if name in snapshot.settings}
    switches = snapshot.server.mysql.optimizer_switch if snapshot.server.mysql is not None else {}
    known = {str(row["Variable_name"]) for row in host.session.rows("SHOW VARIABLES")}
    for name, value in wanted.items():
        if name not in known:
            continue
        text = value if _WHOLE.fullmatch(value) else literal(value)
        yield from _try(host, f"SET SESSION {name} = {text}", f"setting {name} = {value}")
    for switch, value in switches.items():
        if switch not in NOT_COPIED:
            yield from _try(
                host, f"SET SESSION optimizer_switch = '{switch}={value}'", f"optimizer_switch {switch}={value}"
            )


def _try(host: ScratchHost, statement: str, what: str) -> Iterator[Limit]:
    try:
        host.session.run(statement)
    except MySQLError as error:
        yield Limit(what, f"not on the scratch server: {first_line(error)}")


def _mysql_costs(host: ScratchHost, snapshot: Snapshot) -> list[Limit]:
    """Cost constants are the server's, and hold for sessions that begin after FLUSH OPTIMIZER_COSTS.

    Reading a block from disk is priced with the share of the tables that is in memory. The scratch server cannot tell
    that of production, so both prices are made one: the mean that the buffer pool's size allows for.
    """
    costs = {
        (cost.engine, cost.name): cost.value for cost in (snapshot.server.mysql.costs if snapshot.server.mysql else ())
    }
    memory = costs.get(("default", "memory_block_read_cost"), 0.25)
    disk = costs.get(("default", "io_block_read_cost"), 1.0)
    share = memory_share(snapshot)
    block = memory * share + disk * (1 - share)
    session = host.session
    before = session.rows("SELECT cost_name AS n, cost_value AS v FROM mysql.server_cost")
    before_engine = session.rows(
        "SELECT cost_name AS n, cost_value AS v FROM mysql.engine_cost WHERE engine_name = 'default'"
    )
    for (engine, name), value in costs.items():
        if not engine:
            session.run("UPDATE mysql.server_cost SET cost_value = %s WHERE cost_name = %s", (value, name))
    session.run("UPDATE mysql.engine_cost SET cost_value = %s WHERE engine_name = 'default'", (block,))
    session.run("FLUSH OPTIMIZER_COSTS")

    def restore() -> None:
        for row in before:
            session.run("UPDATE mysql.server_cost SET cost_value = %s WHERE cost_name = %s", (row["v"], row["n"]))
        for row in before_engine:
            session.run(
                "UPDATE mysql.engine_cost SET cost_value = %s WHERE cost_name = %s AND engine_name = 'default'",
                (row["v"], row["n"]),
            )
        session.run("FLUSH OPTIMIZER_COSTS")

    if not host.own:
        host.on_close.append(restore)
    if share >= 1.0:
        return []
    return [
        Limit(
            "blocks in memory",
            f"the buffer pool holds {share:.0%} of the data at most: each block is priced at {block:.3g}, "
            "whether its table is in memory or not",
        )
    ]


def memory_share(snapshot: Snapshot) -> float:
    """The largest share of data and indexes that fits into production's buffer pool (0 to 1)."""
    pool = float(snapshot.settings.get("innodb_buffer_pool_size") or 0)
    data = sum(table.mysql.data_bytes + table.mysql.index_bytes for table in snapshot.tables if table.mysql is not None)
    return 1.0 if not pool or data <= pool else pool / data


def _mariadb_costs(host: ScratchHost, snapshot: Snapshot) -> list[Limit]:
    """MariaDB 11: variables of the engine, for tables opened from now on."""
    costs = snapshot.server.mysql.costs if snapshot.server.mysql is not None else ()
    limits: list[Limit] = []
    if not host.version.has(MySQLAbility.COST_VARIABLES):  # an older series, of which a Limit tells
        return limits
    for cost in costs:
        if cost.engine != "InnoDB" or not _IN_COST.fullmatch(cost.name):
            continue
        now = host.session.rows(f"SELECT @@global.innodb.{cost.name} AS v")
        if abs(float(now[0]["v"]) - cost.value) > 1e-9:
            limits += _try(host, f"SET GLOBAL innodb.{cost.name} = {cost.value!r}", f"setting innodb.{cost.name}")
            if not host.own:
                before = float(now[0]["v"])
                name = cost.name
                host.on_close.append(lambda n=name, v=before: host.session.run(f"SET GLOBAL innodb.{n} = {v!r}"))  # type: ignore[misc]
    return limits
