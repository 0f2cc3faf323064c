"""``pg_stats``: the planner's statistics of every column and index expression that the role may see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

from dbtune.collect.postgres.catalog import Catalog, Row
from dbtune.connect.abilities import Ability
from dbtune.model.names import QualifiedName
from dbtune.model.schema import ColumnStatistics

WHAT = "column statistics"
"""How a limit names them."""

STATISTICS: LiteralString = """
    SELECT s.schemaname AS schema, s.tablename AS table, s.attname AS column, s.inherited,
           s.null_frac, s.avg_width, s.n_distinct, s.correlation,
           CASE WHEN odd.typdelim IS NULL THEN s.most_common_vals::text::text[] END AS most_common_vals,
           s.most_common_freqs,
           CASE WHEN odd.typdelim IS NULL THEN s.histogram_bounds::text::text[] END AS histogram_bounds,
           s.most_common_elems::text::text[] AS most_common_elems, s.most_common_elem_freqs,
           s.elem_count_histogram, {ranges},
           odd.typdelim AS delimiter,
           CASE WHEN odd.typdelim IS NOT NULL THEN s.most_common_vals::text END AS odd_common_vals,
           CASE WHEN odd.typdelim IS NOT NULL THEN s.histogram_bounds::text END AS odd_histogram_bounds
    FROM pg_catalog.pg_stats s
    LEFT JOIN LATERAL (
        SELECT t.typdelim
        FROM pg_catalog.pg_namespace n
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE n.nspname = s.schemaname AND t.typdelim <> ','
    ) AS odd ON %(odd_delimiters)s
    WHERE s.schemaname = ANY (%(schemas)s::text[])
"""
# a value of the pseudo-type anyarray has no elements that SQL could take out: its text form, read as text[], has

RANGES: LiteralString = """
           s.range_length_histogram::text::text[] AS range_length_histogram, s.range_empty_frac,
           s.range_bounds_histogram::text::text[] AS range_bounds_histogram"""
NO_RANGES: LiteralString = """
           NULL::text[] AS range_length_histogram, NULL::real AS range_empty_frac,
           NULL::text[] AS range_bounds_histogram"""

ODD_DELIMITERS: LiteralString = """
    SELECT EXISTS (
        SELECT FROM pg_catalog.pg_type t
        WHERE t.typdelim <> ',' AND t.oid <> ALL (ARRAY['pg_catalog.box'::regtype, 'pg_catalog._box'::regtype])
    ) AS found
"""
# box itself cannot be sorted, so it has neither common values nor a histogram


class Statistics:
    """The statistics found, by table (or index) and column."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._found = {(row.schema, row.table, row.column, row.inherited): _column_statistics(row) for row in rows}

    def of(self, relation: QualifiedName, column: str, *, inherited: bool = False) -> ColumnStatistics | None:
        """Of a table's column, or of an index's key under the name that the index gives it."""
        return self._found.get((relation.schema, relation.name, column, inherited))


def read_statistics(catalog: Catalog, schemas: Sequence[str]) -> Statistics:
    """Everything ``pg_stats`` shows of these schemas."""
    odd = catalog.rows(ODD_DELIMITERS, "types")
    rows = catalog.rows(
        STATISTICS,
        WHAT,
        {"schemas": list(schemas), "odd_delimiters": bool(odd and odd[0].found)},
        ranges=catalog.abilities.either(Ability.RANGE_STATISTICS, RANGES, NO_RANGES),
    )
    return Statistics(rows)


def _column_statistics(row: Row) -> ColumnStatistics:
    odd = row.delimiter is not None
    common = array_elements(row.odd_common_vals, row.delimiter) if odd else row.most_common_vals
    bounds = array_elements(row.odd_histogram_bounds, row.delimiter) if odd else row.histogram_bounds
    return ColumnStatistics(
        null_frac=row.null_frac,
        avg_width=row.avg_width,
        n_distinct=row.n_distinct,
        most_common_vals=tuple(common or ()),
        most_common_freqs=tuple(row.most_common_freqs or ()),
        histogram_bounds=tuple(bounds or ()),
        correlation=row.correlation,
        most_common_elems=tuple(row.most_common_elems or ()),
        most_common_elem_freqs=tuple(row.most_common_elem_freqs or ()),
        elem_count_histogram=tuple(row.elem_count_histogram or ()),
        range_length_histogram=tuple(row.range_length_histogram or ()),
        range_empty_frac=row.range_empty_frac,
        range_bounds_histogram=tuple(row.range_bounds_histogram or ()),
    )


def array_elements(text: str | None, delimiter: str) -> list[str]:
    """Elements of a one-dimensional array's text form whose elements are not parted by commas.

    ``{(1,1);(2,2)}`` with ``;`` is ``(1,1)`` and ``(2,2)``; quotes and backslashes as ``array_out`` writes them.
    """
    if text is None:
        return []
    elements: list[str] = []
    current: list[str] = []
    quoted = False
    characters = iter(text[1:-1])
    for character in characters:
        if character == "\\":
            current.append(next(characters, ""))
        elif character == '"':
            quoted = not quoted
        elif character == delimiter and not quoted:
            elements.append("".join(current))
            current = []
        else:
            current.append(character)
    return [*elements, "".join(current)] if len(text) > 2 else []
