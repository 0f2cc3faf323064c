"""What statistics will hold of what a migration makes: of its indexes, and of partitions that the rows move to."""

from __future__ import annotations

from dataclasses import replace

from dbtune.connect.mysql import MySQLSession
from dbtune.model.mysql import Partition, Partitioning
from dbtune.model.schema import Index, Table
from dbtune.planner.mysql.scratch.figures import Figures, SampledTable
from dbtune.planner.mysql.scratch.filling import Origin
from dbtune.planner.mysql.scratch.rows import count


def with_new_figures(session: MySQLSession, sampled: SampledTable, origin: Origin, page_bytes: int) -> Table:
    """The table with distinct values and pages of its new indexes, counted as those of a what-if index are, and with
    rows and pages of its new partitions, by the share of the rows on the scratch server that lies in each."""
    table = sampled.table
    figures = Figures(session, page_bytes)
    new = [index for index in table.indexes if index.name in origin.new_indexes and index.method == "btree"]
    if new and not any(index.primary for index in new):
        known = {index.name: _sized(figures, index, sampled, page_bytes) for index in new}
        table = replace(table, indexes=tuple(known.get(index.name, index) for index in table.indexes))
    if origin.partitioned_anew and table.mysql is not None and table.mysql.partitioning is not None:
        scheme = _counted(session, sampled, table.mysql.partitioning, page_bytes)
        table = replace(table, mysql=replace(table.mysql, partitioning=scheme))
    return table


def _sized(figures: Figures, index: Index, sampled: SampledTable, page_bytes: int) -> Index:
    facts = index.facts
    if facts is None or facts.mysql is None:
        return index
    found = figures.of(index, sampled)
    own = replace(
        facts.mysql,
        n_diff=tuple(round(count) for count in found.n_diff),
        leaf_pages=round(found.leaf_pages),
        pages=round(found.pages),
    )
    pages = round(found.pages)
    return replace(index, facts=replace(facts, mysql=own, pages=pages, bytes=pages * page_bytes, tuples=sampled.rows))


def _counted(session: MySQLSession, sampled: SampledTable, scheme: Partitioning, page_bytes: int) -> Partitioning:
    mysql = sampled.table.mysql
    pages = (mysql.clustered_pages or mysql.data_bytes // page_bytes or 1) if mysql is not None else 1

    def of(partition: Partition) -> Partition:
        there = count(session, sampled.table, partition.subpartition or partition.name)
        share = there / max(1, sampled.sampled)
        rows = round(sampled.rows * share)
        return replace(partition, rows=float(rows), statistics_rows=rows, clustered_pages=max(1, round(pages * share)))

    return replace(scheme, partitions=tuple(map(of, scheme.partitions)))
