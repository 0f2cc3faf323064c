"""All candidates of a workload: every kind asked about every use of a table, without what exists or cannot pay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, zip_longest

from dbtune.candidates.registry import Candidate, CandidateKind, Use, kinds
from dbtune.ddl.indexes import index_name
from dbtune.ddl.mysql_multi_valued import is_multi_valued
from dbtune.model.access import RelationUse
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey, Table
from dbtune.model.snapshot import Snapshot
from dbtune.planner.gate import PlannedStatement

SMALL_TABLE_ROWS = 1_000
SMALL_TABLE_PAGES = 10
"""A table below either is read whole in less time than an index takes to be worth its upkeep."""

MAXIMUM_OF_A_KIND = 60
"""Candidates of one kind proposed for one statement, the first ones of each of its tables, where nobody says less."""


def generate(
    snapshot: Snapshot, statements: Sequence[PlannedStatement], most: Mapping[str, int] | None = None
) -> tuple[Candidate, ...]:
    """Candidates with names, each once, in a fixed order.

    ``most``: by fingerprint, how many of a kind are proposed, where that is not the usual maximum.
    """
    found: dict[tuple[object, ...], tuple[Index, str, set[str]]] = {}
    for planned in statements:
        limit = MAXIMUM_OF_A_KIND if most is None else most.get(planned.fingerprint, MAXIMUM_OF_A_KIND)
        for index, kind in _for_statement(snapshot, planned, limit):
            known = found.setdefault(index.shape, (index, kind, set()))
            known[2].add(planned.fingerprint)
    return tuple(_named(snapshot, found.values()))


def rows_and_pages(snapshot: Snapshot, table: Table) -> tuple[float, int]:
    """Rows and pages of the table, of all its partitions together where it is partitioned."""
    if table.kind != "partitioned":
        return table.rows, max(table.file_pages, table.pages)
    parts = [rows_and_pages(snapshot, child) for child in snapshot.children(table.name)]
    return sum(rows for rows, _ in parts), sum(pages for _, pages in parts)


def exists(index: Index, table: Table) -> bool:
    """Whether a valid index of the table serves all that this one would: the same, or one that begins with it."""
    return any(known.facts is not None and known.facts.valid and serves(known, index) for known in table.indexes)


def serves(known: Index, wanted: Index) -> bool:
    """Whether ``known`` can stand in for ``wanted``: same rows, and the same keys first, read either way."""
    if (known.table, known.method) != (wanted.table, wanted.method):
        return False
    if _plain(known.predicate) != _plain(wanted.predicate):  # a whole index does not spare reading the other rows
        return False
    if is_multi_valued(known) and not is_multi_valued(wanted):  # rows whose array is empty are not in it
        return False
    if wanted.method != "btree":
        return _comparable(known.keys) == _comparable(wanted.keys)
    first = known.keys[: len(wanted.keys)]
    if len(first) < len(wanted.keys):
        return False
    if _is_innodb(known):  # NULLs are the least of all values, in whatever order
        first, keys = _without_nulls(first), _without_nulls(wanted.keys)
        turned = _without_nulls(_turned(keys))
    else:
        keys, turned = wanted.keys, _turned(wanted.keys)
    if _comparable(first) not in (_comparable(keys), _comparable(turned)):
        return False
    return set(wanted.include) <= {key.column for key in known.keys} | set(known.include)


def _for_statement(snapshot: Snapshot, planned: PlannedStatement, limit: int) -> Iterator[tuple[Index, str]]:
    if limit <= 0:
        return
    seen = [use for use in (_seen(snapshot, one) for one in planned.facts.uses) if use is not None]
    uses = [use for use in seen if not _finds_one_row(use)]
    for name, kind in kinds(snapshot.server.dialect):
        wanted = (_missing(use, kind) for use in uses)
        for index in islice(_in_turn(wanted), limit):
            yield index, name


def _missing(use: Use, kind: CandidateKind) -> Iterator[Index]:
    return (index for index in kind(use) if not exists(index, use.table))


def _in_turn(sources: Iterable[Iterator[Index]]) -> Iterator[Index]:
    """The first of each source, then the second of each: a limit leaves out no table altogether."""
    for row in zip_longest(*sources):
        yield from (index for index in row if index is not None)


def _seen(snapshot: Snapshot, use: RelationUse) -> Use | None:
    table = snapshot.table(use.table)
    if table is None or table.kind == "foreign table" or table.persistence == "temporary":
        return None
    rows, pages = rows_and_pages(snapshot, table)
    if rows < SMALL_TABLE_ROWS or pages < SMALL_TABLE_PAGES:
        return None
    return Use(snapshot, table, use, rows, pages)


def _finds_one_row(use: Use) -> bool:
    """Whether the use's equalities fix a unique key that is there: no index finds one row faster."""
    fixed = {p.column for p in use.use.predicates if p.kind == "equal" and not p.disjunct}
    return any(
        index.unique
        and index.is_plain
        and index.facts is not None
        and index.facts.valid
        and set(index.columns) <= fixed
        for index in use.table.indexes
    )


def _named(snapshot: Snapshot, found: Iterable[tuple[Index, str, set[str]]]) -> Iterator[Candidate]:
    taken: dict[str, set[str]] = {}
    for relation in _relation_names(snapshot):
        taken.setdefault(relation.schema, set()).add(relation.name)
    for index, kind, fingerprints in found:
        names = taken.setdefault(index.table.schema, set())
        name = index_name(index, names)
        names.add(name)
        yield Candidate(replace(index, name=name), kind, frozenset(fingerprints))


def _relation_names(snapshot: Snapshot) -> Iterator[QualifiedName]:
    """Everything that shares a name space with indexes."""
    for table in snapshot.tables:
        yield table.name
        yield from (index.qualified_name for index in table.indexes)
    yield from (view.name for view in snapshot.views)
    yield from (sequence.name for sequence in snapshot.sequences)


def _comparable(keys: Sequence[IndexKey]) -> tuple[object, ...]:
    return tuple(
        (
            key.column,
            _plain(key.expression),
            key.descending,
            key.nulls_first,
            key.opclass,
            key.collation,
            key.prefix_length,
        )
        for key in keys
    )


def _turned(keys: Sequence[IndexKey]) -> tuple[IndexKey, ...]:
    """The same order read from its end."""
    return tuple(replace(key, descending=not key.descending, nulls_first=not key.nulls_first) for key in keys)


def _is_innodb(index: Index) -> bool:
    return index.facts is not None and index.facts.mysql is not None


def _without_nulls(keys: Sequence[IndexKey]) -> tuple[IndexKey, ...]:
    return tuple(replace(key, nulls_first=False) for key in keys)


def _plain(sql: str | None) -> str | None:
    """SQL without what the server adds when it prints: casts of constants, parentheses, spaces, case."""
    if sql is None:
        return None
    return re.sub(r"::(character varying|timestamp with(out)? time zone|[a-z_]+)|[()\s]", "", sql).lower()
