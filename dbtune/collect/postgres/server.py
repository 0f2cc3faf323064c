"""The server itself: version, locale, settings."""

from __future__ import annotations

import re
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog
from dbtune.connect.abilities import Ability
from dbtune.model.snapshot import Server

SERVER: LiteralString = """
    SELECT pg_catalog.current_setting('server_version') AS version,
           pg_catalog.current_setting('server_version_num')::int AS version_number,
           d.datname AS database,
           pg_catalog.current_setting('block_size')::int AS block_size,
           pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
           d.datcollate AS collation,
           d.datctype AS character_type,
           {provider} AS locale_provider,
           {locale} AS locale,
           pg_catalog.pg_is_in_recovery() AS in_recovery,
           {char_deduplicates} AS char_deduplicates,
           s.stats_reset
    FROM pg_catalog.pg_database d
    LEFT JOIN pg_catalog.pg_stat_database s ON s.datid = d.oid
    WHERE d.datname = pg_catalog.current_database()
"""

SETTINGS: LiteralString = """
    SELECT name, unit, reset_val AS value
    FROM pg_catalog.pg_settings
    WHERE name ~* %(names)s AND reset_val IS NOT NULL
"""
# reset_val: what a session starts with, whatever this session has set for itself

SETTING_NAMES = (
    # the planner's
    "enable_.*|.*_cost|jit.*|geqo.*|.*_collapse_limit|cursor_tuple_fraction|constraint_exclusion|plan_cache_mode"
    "|recursive_worktable_factor|default_statistics_target|.*parallel.*|effective_.*|.*_io_concurrency|row_security"
    # memory and input/output
    "|.*work_mem|hash_mem_multiplier|logical_decoding_work_mem|shared_buffers|temp_buffers|temp_file_limit|huge_pages"
    "|wal_buffers|.*_wal_size|checkpoint_.*|bgwriter_.*|io_.*|.*_flush_after|max_connections|max_worker_processes"
    "|synchronous_commit|fsync|full_page_writes|wal_level|wal_compression|wal_init_zero|hot_standby.*|random_page_cost"
    # upkeep and observation
    "|autovacuum.*|vacuum_.*|track_.*|pg_stat_statements\\..*|auto_explain\\..*|shared_preload_libraries"
    "|log_min_duration_.*|log_lock_waits|log_temp_files|log_autovacuum_min_duration|log_checkpoints|deadlock_timeout"
    # how text is read and printed
    "|datestyle|intervalstyle|timezone|default_text_search_config|lc_.*|extra_float_digits|bytea_output"
    "|standard_conforming_strings|array_nulls|transform_null_equals|default_table_access_method"
    "|default_toast_compression|server_encoding|block_size|segment_size|data_checksums|integer_datetimes"
    "|server_version|server_version_num|max_index_keys|max_identifier_length|wal_segment_size"
)
"""Planner and rule settings, chosen by name: others may hold passwords or paths (``primary_conninfo``)."""

_UNIT = re.compile(r"(\d*)([A-Za-z]+)")


def read_server(catalog: Catalog) -> Server:
    """Raises ConnectionFailed where not even this may be read."""
    abilities = catalog.abilities
    locale: LiteralString = abilities.either(
        Ability.LOCALE, "d.datlocale", abilities.either(Ability.ICU_DATABASE_LOCALE, "d.daticulocale", "NULL::text")
    )
    row = catalog.rows(
        SERVER,
        "server",
        required=True,
        provider=abilities.either(Ability.LOCALE_PROVIDER, "d.datlocprovider::text", "'c'"),
        locale=locale,
        char_deduplicates=abilities.either(
            Ability.DEDUPLICATION, "pg_catalog.btequalimage('pg_catalog.bpchar'::pg_catalog.regtype)", "false"
        ),
    )[0]
    if row.in_recovery:
        catalog.limit(
            "usage counters",
            "this is a standby: scans and statements are those that ran on it, not those of the primary",
        )
    return Server(
        dialect="postgres",
        version=row.version.split()[0],
        version_number=row.version_number,
        database=row.database,
        block_size=row.block_size,
        encoding=row.encoding,
        collation=row.collation or "C",
        character_type=row.character_type or "C",
        locale_provider=row.locale_provider,
        locale=row.locale,
        in_recovery=row.in_recovery,
        statistics_reset=row.stats_reset.isoformat() if row.stats_reset else None,
        char_deduplicates=row.char_deduplicates,
    )


def read_settings(catalog: Catalog) -> dict[str, str]:
    """Name to value as ``SET`` takes it."""
    rows = catalog.rows(SETTINGS, "settings", {"names": f"^({SETTING_NAMES})$"})
    return {row.name: value_with_unit(row.value, row.unit) for row in rows}


def value_with_unit(value: str, unit: str | None) -> str:
    """``16384`` in units of ``8kB`` is ``131072kB``; special values (-1, 0) need no unit."""
    if not unit or value in ("-1", "0"):
        return value
    multiple, name = _UNIT.fullmatch(unit).groups()  # type: ignore[union-attr]
    if multiple:
        return f"{int(value) * int(multiple)}{name}"
    return f"{value}{name}"
