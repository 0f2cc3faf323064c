"""The server itself: version, variables, costs, whose service it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from dbtune.collect.mysql.catalog import Catalog
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.model.mysql import CostConstant, MySQLServer
from dbtune.model.snapshot import Server

VARIABLES = "SHOW GLOBAL VARIABLES"
STATUS = """
    SHOW GLOBAL STATUS
    WHERE Variable_name IN ('Uptime', 'Innodb_buffer_pool_read_requests', 'Innodb_buffer_pool_reads')
"""
DATABASE = """
    SELECT DEFAULT_CHARACTER_SET_NAME AS charset, DEFAULT_COLLATION_NAME AS collation
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = %s
"""

SERVER_COSTS = "SELECT cost_name, cost_value, {default} AS default_value FROM mysql.server_cost"
ENGINE_COSTS = """
    SELECT engine_name, device_type, cost_name, cost_value, {default} AS default_value FROM mysql.engine_cost
"""
OPTIMIZER_COSTS = "SELECT * FROM information_schema.OPTIMIZER_COSTS"

BUILT_IN_COSTS: Mapping[str, float] = {
    "disk_temptable_create_cost": 40.0,
    "disk_temptable_row_cost": 1.0,
    "key_compare_cost": 0.1,
    "memory_temptable_create_cost": 2.0,
    "memory_temptable_row_cost": 0.2,
    "row_evaluate_cost": 0.2,
    "io_block_read_cost": 1.0,
    "memory_block_read_cost": 1.0,
}
"""What MySQL 5.7 takes where its tables hold NULL: they have no column of defaults (opt_costconstants.h)."""

VARIABLE_NAMES = re.compile(
    # the optimiser's
    r"optimizer_.*|eq_range_index_dive_limit|max_seeks_for_key|range_(optimizer|alloc).*|join_cache_level|.*_cost"
    r"|use_stat_tables|histogram_.*|analyze_.*|big_tables|internal_tmp_.*|cte_max_recursion_depth|max_length_for_sort_data"
    r"|rowid_merge_buff_size|in_predicate_conversion_threshold|explain_.*|information_schema_stats_expiry|sql_select_limit"
    r"|old_mode|default_week_format|div_precision_increment|end_markers_in_json|internal_.*|windowing_.*"
    # memory and input/output
    r"|innodb_(page_size|buffer_pool_.*|io_capacity.*|stats_.*|flush_.*|log_.*|redo_.*|adaptive_hash_.*|change_buffer.*"
    r"|read_only|default_row_format|file_per_table|strict_mode|sort_buffer_size|online_alter_.*|ddl_.*|ft_.*|doublewrite"
    r"|random_read_ahead|read_ahead_.*|compression_.*|lock_wait_timeout|autoinc_lock_mode|parallel_read_threads)"
    r"|(sort|join|read|read_rnd|key|preload|bulk_insert|myisam_sort|aria_sort|aria_pagecache)_buffer_size"
    r"|(key|aria_pagecache)_buffer_.*|tmp_table_size|max_heap_table_size|temptable_.*|tmp_.*_size|table_open_cache"
    r"|max_connections|max_allowed_packet|max_sort_length|max_join_size|group_concat_max_len|query_cache_(type|size)"
    r"|thread_cache_size|table_definition_cache|max_tmp_.*|sync_binlog|binlog_format|binlog_row_image|log_bin"
    # observation
    r"|performance_schema|performance_schema_(digests_size|max_digest_length|max_sql_text_length|max_digest_sample_age)"
    r"|max_digest_length|userstat|slow_query_log|long_query_time|min_examined_row_limit|log_slow_.*|log_queries_.*"
    r"|log_output|log_throttle_.*"
    # how text is read and compared
    r"|sql_mode|sql_(quote_show_create|big_selects|require_primary_key|generate_invisible_primary_key)"
    r"|(character_set|collation)_(server|database|client|connection|results|system)|default_collation_for_utf8mb4"
    r"|lower_case_table_names|time_zone|system_time_zone|explicit_defaults_for_timestamp|ft_.*|ngram_token_size"
    r"|default_(storage_engine|tmp_storage_engine)|tx_isolation|transaction_isolation|foreign_key_checks|unique_checks"
    r"|read_only|super_read_only|version|version_comment|version_compile_.*|aurora_version|partial_revokes"
    r"|lock_wait_timeout|max_execution_time|max_statement_time|alter_algorithm|old_alter_table|ssl_type|require_secure_.*"
    r"|(auto_increment)_(increment|offset)|have_.*|aurora_.*|gtid_mode|innodb_version"
)
"""Variables of the optimiser and of rules, chosen by name: others may hold paths and secrets."""

PATHS = re.compile(r"_file$|filename|_dirs?$")


def read_variables(catalog: Catalog) -> dict[str, str]:
    """All global variables by name."""
    rows = catalog.rows(VARIABLES, "variables", required=True)
    return {str(row["Variable_name"]): str(row["Value"]) for row in rows}


def read_settings(variables: Mapping[str, str]) -> dict[str, str]:
    """Those that say how statements are planned and run, as SET takes them."""
    return {
        name: value for name, value in variables.items() if VARIABLE_NAMES.fullmatch(name) and not PATHS.search(name)
    }


def read_server(catalog: Catalog, variables: Mapping[str, str], database: str, observed: MySQLServer) -> Server:
    """``observed``: what was found of the counters."""
    version = catalog.version
    found = catalog.rows(DATABASE, "database", [database]) if database else []
    read_only = "ON" in (variables.get("read_only"), variables.get("super_read_only"))
    if read_only:
        catalog.limit(
            "usage counters",
            "the server is read-only, as replicas are: scans and statements are those that ran on it, not those of the "
            "primary",
        )
    charset = found[0]["charset"] if found else variables.get("character_set_server", "utf8mb4")
    collation = found[0]["collation"] if found else variables.get("collation_server", "")
    return Server(
        dialect=version.family,
        version=version.shown,
        version_number=version.number,
        database=database,
        block_size=int(variables.get("innodb_page_size") or 16384),
        encoding=str(charset),
        collation=str(collation),
        character_type=str(collation),
        locale_provider="mysql",
        in_recovery=read_only,
        statistics_reset=(datetime.now(UTC) - timedelta(seconds=observed.uptime_seconds)).isoformat(timespec="seconds"),
        char_deduplicates=False,
        mysql=observed,
    )


def read_observed(catalog: Catalog, variables: Mapping[str, str], *, digests: bool, counters: str) -> MySQLServer:
    """The server's own nouns. ``counters``: where the numbers of index use come from."""
    status = {str(row["Variable_name"]): int(row["Value"]) for row in catalog.rows(STATUS, "status")}
    return MySQLServer(
        version_text=catalog.version.text,
        version_comment=variables.get("version_comment", ""),
        uptime_seconds=status.get("Uptime", 0),
        sql_mode=catalog.sql_mode,
        optimizer_switch=optimizer_switch(variables.get("optimizer_switch", "")),
        costs=_costs(catalog),
        managed_by=managed_by(variables),
        statement_digests=digests,
        buffer_pool_requests=status.get("Innodb_buffer_pool_read_requests"),
        buffer_pool_reads=status.get("Innodb_buffer_pool_reads"),
        index_counters="userstat" if counters == "userstat" else "performance_schema" if counters else "",
    )


def optimizer_switch(text: str) -> dict[str, str]:
    """``index_merge=on,mrr=off`` by switch."""
    return {name: value for name, _, value in (part.partition("=") for part in text.split(",")) if name}


def managed_by(variables: Mapping[str, str]) -> str:
    """The cloud service, by variables and paths that only it has."""
    if "aurora_version" in variables:
        return "Amazon Aurora"
    if variables.get("basedir", "").startswith("/rdsdbbin"):
        return "Amazon RDS"
    if any(name.startswith("cloudsql_") for name in variables) or "Google" in variables.get("version_comment", ""):
        return "Google Cloud SQL"
    if any(name.startswith("azure_") for name in variables) or "Azure" in variables.get("version_comment", ""):
        return "Azure"
    return ""


def _costs(catalog: Catalog) -> tuple[CostConstant, ...]:
    version = catalog.version
    if version.has(MySQLAbility.COST_VARIABLES):
        return _mariadb_costs(catalog)
    if not version.has(MySQLAbility.COST_TABLES):
        return ()
    default = version.either(MySQLAbility.COST_TABLE_DEFAULTS, "default_value", "NULL")
    advice = "GRANT SELECT ON mysql.server_cost and mysql.engine_cost; the defaults are taken for them"
    found: list[CostConstant] = []
    for query in (SERVER_COSTS, ENGINE_COSTS):
        for row in catalog.rows(query.format(default=default), "cost constants", advice=advice):
            usual = row["default_value"]
            if usual is None:
                usual = BUILT_IN_COSTS.get(row["cost_name"])
            value = usual if row["cost_value"] is None else row["cost_value"]
            if value is not None:
                found.append(
                    CostConstant(
                        name=row["cost_name"],
                        value=float(value),
                        engine=row.get("engine_name", ""),
                        device_type=int(row.get("device_type", 0)),
                        is_default=row["cost_value"] is None,
                    )
                )
    return tuple(found)


def _mariadb_costs(catalog: Catalog) -> tuple[CostConstant, ...]:
    """By engine, in microseconds; the variables of the same names are those of the default engine."""
    rows = catalog.rows(OPTIMIZER_COSTS, "cost constants")
    return tuple(
        CostConstant(name=name.lower(), value=float(value), engine=str(row["ENGINE"]))
        for row in rows
        for name, value in row.items()
        if name != "ENGINE" and value is not None
    )
