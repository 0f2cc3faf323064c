"""Indexes with their keys, exact definitions, statistics and use."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbtune.collect.mysql.catalog import Catalog, Row, placeholders
from dbtune.collect.mysql.expressions import printed_expression
from dbtune.collect.mysql.innodb import IndexCounts, InnodbStatistics
from dbtune.collect.mysql.statistics import Statistics
from dbtune.collect.mysql.tables import name_of
from dbtune.collect.mysql.use import Usage
from dbtune.connect.mysql_abilities import MySQLAbility
from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.mysql import MySQLIndex
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexFacts, IndexKey
from dbtune.sql.mysql_definitions import Definition

STATISTICS = """
    SELECT TABLE_SCHEMA AS `schema`, TABLE_NAME AS name, INDEX_NAME AS `index`, NON_UNIQUE AS non_unique,
           SEQ_IN_INDEX AS position, COLUMN_NAME AS `column`, COLLATION AS direction, CARDINALITY AS cardinality,
           SUB_PART AS prefix, INDEX_TYPE AS method, COMMENT AS trouble, INDEX_COMMENT AS comment,
           {expression} AS expression, {visible} AS visible
    FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA IN ({schemas})
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""

PREFIXED = frozenset({"BTREE", "HASH"})
"""Index types of which SUB_PART is a length that somebody gave: of SPATIAL it is always 32."""

_PARSER = re.compile(r"WITH PARSER `?(\w+)`?", re.IGNORECASE)


def read_index_rows(catalog: Catalog, schemas: Sequence[str]) -> dict[QualifiedName, dict[str, list[Row]]]:
    """Table to index to the rows of its keys, in order."""
    version = catalog.version
    visible = version.either(
        MySQLAbility.INVISIBLE_INDEXES,
        "IS_VISIBLE",
        version.either(MySQLAbility.IGNORED_INDEXES, "IF(IGNORED = 'YES', 'NO', 'YES')", "'YES'"),
    )
    query = STATISTICS.format(
        schemas=placeholders(schemas),
        visible=visible,
        expression=version.either(MySQLAbility.FUNCTIONAL_INDEXES, "EXPRESSION", "NULL"),
    )
    found: dict[QualifiedName, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in catalog.rows(query, "indexes", schemas, required=True):
        found[name_of(row)][row["index"]].append(row)
    return found


class IndexBuilder:
    """Indexes of one table out of their rows."""

    def __init__(
        self,
        table: QualifiedName,
        definition: Definition,
        statistics: Statistics,
        innodb: InnodbStatistics,
        usage: Usage,
        page_size: int,
    ) -> None:
        self._table = table
        self._definition = definition
        self._statistics = statistics
        self._usage = usage
        self._page_size = page_size
        self._counts = _over_partitions(table, innodb)

    def indexes(self, rows: Mapping[str, Sequence[Row]], tuples: float) -> tuple[Index, ...]:
        """By name, the primary key among them."""
        primary = [str(key["column"]) for key in rows.get("PRIMARY", ())]
        return tuple(self._index(name, keys, tuples, primary) for name, keys in rows.items())

    def _index(self, name: str, keys: Sequence[Row], tuples: float, primary: Sequence[str]) -> Index:
        first = keys[0]
        index = Index(
            name=name,
            table=self._table,
            keys=tuple(_key(key) for key in keys),
            method=str(first["method"]).lower(),
            unique=not int(first["non_unique"]),
            primary=name == "PRIMARY",
        )
        clause = self._definition.indexes.get(name) or clause_of(index)
        facts = self._facts(name, keys, tuples, clause)
        own = replace(facts.mysql or MySQLIndex(), n_diff_columns=self._counted(index, primary))
        return replace(index, facts=replace(facts, mysql=own))

    def _counted(self, index: Index, primary: Sequence[str]) -> tuple[str, ...]:
        """What each of ``n_diff`` counts up to: the keys, then the columns of the clustered index.

        The server's description has them parted by commas, and hidden names in place of expressions.
        """
        counts = self._counts.get(index.name, IndexCounts())
        number = len(counts.n_diff)
        keys = list(index.columns)
        if len(counts.columns) == number:
            return (*keys, *counts.columns[len(keys) :])[:number]
        whole = {key.column for key in index.keys if key.prefix_length is None}
        return (*keys, *(name for name in primary if name not in whole))[:number]

    def _facts(self, name: str, keys: Sequence[Row], tuples: float, clause: str) -> IndexFacts:
        counts = self._counts.get(name, IndexCounts())
        use = self._usage.of_index(self._table, name)
        parser = _PARSER.search(clause)
        return IndexFacts(
            definition=f"ALTER TABLE {qualified(self._table)} ADD {clause}",
            pages=counts.pages or 0,
            tuples=tuples,
            bytes=(counts.pages or 0) * self._page_size,
            valid="disabled" not in str(keys[0]["trouble"] or ""),
            constraint=name if not int(keys[0]["non_unique"]) else None,
            clustered=name == "PRIMARY",
            scans=None if use is None else use.total,
            tuples_read=None if use is None else use.fetched,
            comment=keys[0]["comment"] or None,
            mysql=MySQLIndex(
                visible=keys[0]["visible"] != "NO",
                cardinalities=tuple(None if k["cardinality"] is None else int(k["cardinality"]) for k in keys),
                n_diff=counts.n_diff_list,
                sampled_pages=counts.sampled_list,
                leaf_pages=counts.leaf_pages,
                pages=counts.pages,
                average_frequencies=self._statistics.average_frequencies.get((self._table, name), ()),
                parser=parser[1] if parser else None,
                rows_changed=None if use is None else use.updated + use.deleted,
            ),
        )


def _over_partitions(table: QualifiedName, innodb: InnodbStatistics) -> dict[str, IndexCounts]:
    found: dict[str, IndexCounts] = {}
    for place in innodb.places(table):
        for name, counts in innodb.indexes.get(place, {}).items():
            found[name] = found[name].added(counts) if name in found else counts
    return found


def _key(row: Row) -> IndexKey:
    return IndexKey(
        column=row["column"],
        expression=None if row["column"] is not None else printed_expression(row["expression"] or ""),
        descending=row["direction"] == "D",
        prefix_length=None if row["prefix"] is None or row["method"] not in PREFIXED else int(row["prefix"]),
    )


def clause_of(index: Index) -> str:
    """The clause that makes the index, where the server's own may not be read."""
    keys = ", ".join(key_clause(key) for key in index.keys)
    if index.primary:
        return f"PRIMARY KEY ({keys})"
    kind = "UNIQUE KEY" if index.unique else {"fulltext": "FULLTEXT KEY", "spatial": "SPATIAL KEY"}.get(index.method)
    return f"{kind or 'KEY'} {identifier(index.name)} ({keys})"


def key_clause(key: IndexKey) -> str:
    """The key as it stands in a definition."""
    part = f"({key.expression})" if key.column is None else identifier(key.column)
    length = "" if key.prefix_length is None else f"({key.prefix_length})"
    return f"{part}{length}{' DESC' if key.descending else ''}"
