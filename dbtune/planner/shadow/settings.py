"""Settings that change plans, copied from production's ``pg_settings``."""

from __future__ import annotations

from collections.abc import Mapping

PLANNER_SETTINGS: tuple[str, ...] = (
    "array_nulls",
    "backslash_quote",
    "constraint_exclusion",
    "cpu_index_tuple_cost",
    "cpu_operator_cost",
    "cpu_tuple_cost",
    "cursor_tuple_fraction",
    "DateStyle",
    "debug_parallel_query",
    "default_statistics_target",
    "default_text_search_config",
    "effective_cache_size",
    "effective_io_concurrency",
    "enable_async_append",
    "enable_bitmapscan",
    "enable_distinct_reordering",
    "enable_gathermerge",
    "enable_group_by_reordering",
    "enable_hashagg",
    "enable_hashjoin",
    "enable_incremental_sort",
    "enable_indexonlyscan",
    "enable_indexscan",
    "enable_material",
    "enable_memoize",
    "enable_mergejoin",
    "enable_nestloop",
    "enable_parallel_append",
    "enable_parallel_hash",
    "enable_partition_pruning",
    "enable_partitionwise_aggregate",
    "enable_partitionwise_join",
    "enable_presorted_aggregate",
    "enable_self_join_elimination",
    "enable_seqscan",
    "enable_sort",
    "enable_tidscan",
    "force_parallel_mode",
    "from_collapse_limit",
    "geqo",
    "geqo_effort",
    "geqo_generations",
    "geqo_pool_size",
    "geqo_seed",
    "geqo_selection_bias",
    "geqo_threshold",
    "hash_mem_multiplier",
    "IntervalStyle",
    "join_collapse_limit",
    "max_parallel_workers",
    "max_parallel_workers_per_gather",
    "min_parallel_index_scan_size",
    "min_parallel_table_scan_size",
    "parallel_leader_participation",
    "parallel_setup_cost",
    "parallel_tuple_cost",
    "random_page_cost",
    "recursive_worktable_factor",
    "seq_page_cost",
    "standard_conforming_strings",
    "TimeZone",
    "transform_null_equals",
    "work_mem",
)
"""Every "Query Tuning" setting of Postgres 12 to 18, ``work_mem``, and what changes the meaning of a literal.

Left out: ``jit`` (compiles plans, does not choose them) and ``row_security``.
"""

SHADOW_SETTINGS: Mapping[str, str] = {
    "allow_system_table_mods": "on",
    "autovacuum": "off",
    "bgwriter_lru_maxpages": "0",
    "checkpoint_timeout": "1d",
    "jit": "off",
    "max_connections": "10",
    "max_locks_per_transaction": "2048",
    "max_parallel_maintenance_workers": "0",
    "max_wal_size": "512MB",
    "shared_buffers": "64MB",
    "synchronous_commit": "off",
    "track_activities": "off",
    "track_counts": "off",
}
"""Of the shadow's server itself. Autovacuum would cut the empty tails of the files; a plan over a partition tree takes
a lock for each partition and index; the rest saves time."""


def copied_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Those of production's settings that its plans depend on (names in any case)."""
    by_lower_name = {name.lower(): value for name, value in settings.items()}
    return {name: by_lower_name[name.lower()] for name in PLANNER_SETTINGS if name.lower() in by_lower_name}
