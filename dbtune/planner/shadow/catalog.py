"""What the shadow's own catalog says after the schema was made: object ids, files, columns, types and operators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from dbtune.model.names import QualifiedName
from dbtune.planner.shadow.ddl_runner import Connection

NOT_SYSTEM = "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"

TEXT_TYPE, TSVECTOR_TYPE, FLOAT8_TYPE = 25, 3614, 701
TEXT_EQUAL, FLOAT8_LESS = 98, 672
DEFAULT_COLLATION = 100
BTREE, HASH = 403, 405
"""Object ids that are the same in every server (``pg_type.dat``, ``pg_operator.dat``, ``pg_am.dat``)."""


@dataclass(frozen=True)
class Relation:
    """A table or an index of the shadow."""

    oid: int
    name: QualifiedName
    kind: str
    """``pg_class.relkind``."""
    file_number: int
    """Of the empty file it was made with; 0 where it has none (partitioned)."""


@dataclass(frozen=True)
class Attribute:
    """A column of a table or a key of an index."""

    relation: int
    number: int
    name: str
    type: int
    collation: int


@dataclass(frozen=True)
class TypeFacts:
    """What ``pg_type`` says of a type; 0 where it does not apply."""

    kind: str
    category: str
    base: int
    element: int


@dataclass(frozen=True)
class ColumnOperators:
    """Operators and types that a column's statistics are kept with."""

    equal: int
    less: int
    element: int
    """Type of the elements whose frequencies are kept: of an array, or the lexemes of a tsvector; else 0."""
    element_equal: int
    element_collation: int
    is_range: bool
    range_type: int
    """Of a range column its type, of a multirange column its range's."""


def read_relations(connection: Connection) -> Mapping[QualifiedName, Relation]:
    """Tables and indexes outside the system schemas, by name."""
    query = (
        "SELECT c.oid::int8, n.nspname, c.relname, c.relkind::text, c.relfilenode::int8"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND {NOT_SYSTEM}"
    )
    relations = {}
    for oid, schema, name, kind, number in connection.execute(query.encode()):
        qualified_name = QualifiedName(str(schema), str(name))
        relations[qualified_name] = Relation(_int(oid), qualified_name, str(kind), _int(number))
    return relations


def read_attributes(connection: Connection) -> Mapping[int, tuple[Attribute, ...]]:
    """Columns and index keys by their relation's object id, in their order."""
    query = (
        "SELECT a.attrelid::int8, a.attnum::int, a.attname, a.atttypid::int8, a.attcollation::int8"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relkind IN ('r', 'p', 'm', 'i', 'I') AND a.attnum > 0 AND NOT a.attisdropped AND {NOT_SYSTEM}"
        " ORDER BY 1, 2"
    )
    attributes: dict[int, list[Attribute]] = {}
    for relation, number, name, type_, collation in connection.execute(query.encode()):
        attribute = Attribute(_int(relation), _int(number), str(name), _int(type_), _int(collation))
        attributes.setdefault(attribute.relation, []).append(attribute)
    return {relation: tuple(found) for relation, found in attributes.items()}


def read_index_children(connection: Connection) -> Mapping[int, tuple[int, ...]]:
    """Of each partitioned index all indexes below it, at any depth."""
    query = (
        "WITH RECURSIVE below (top, child) AS ("
        " SELECT inhparent, inhrelid FROM pg_inherits JOIN pg_class c ON c.oid = inhparent AND c.relkind = 'I'"
        " UNION ALL SELECT top, inhrelid FROM below JOIN pg_inherits ON inhparent = child)"
        " SELECT top::int8, array_agg(child::int8) FROM below GROUP BY top"
    )
    return {_int(top): _ints(children) for top, children in connection.execute(query.encode())}


def read_table_children(connection: Connection) -> Mapping[int, tuple[int, ...]]:
    """Of each table all partitions and heirs below it, at any depth."""
    query = (
        "WITH RECURSIVE below (top, child) AS ("
        " SELECT inhparent, inhrelid FROM pg_inherits JOIN pg_class c ON c.oid = inhparent AND c.relkind <> 'I'"
        " UNION ALL SELECT top, inhrelid FROM below JOIN pg_inherits ON inhparent = child)"
        " SELECT top::int8, array_agg(child::int8) FROM below GROUP BY top"
    )
    return {_int(top): _ints(children) for top, children in connection.execute(query.encode())}


class TypeCatalog:
    """Which operators ANALYZE would keep a column's statistics with (``typcache.c``, ``analyze.c``)."""

    def __init__(self, connection: Connection) -> None:
        self._types = {
            _int(oid): TypeFacts(str(kind), str(category), _int(base), _int(element))
            for oid, kind, category, base, element in connection.execute(
                b"SELECT oid::int8, typtype::text, typcategory::text, typbasetype::int8,"
                b" CASE WHEN typlen = -1 THEN typelem::int8 ELSE 0 END FROM pg_type"
            )
        }
        self._operators = {
            (_int(method), _int(type_), _int(strategy)): _int(operator)
            for method, type_, strategy, operator in connection.execute(
                b"SELECT o.opcmethod::int8, o.opcintype::int8, a.amopstrategy::int, a.amopopr::int8 FROM pg_opclass o"
                b" JOIN pg_amop a ON a.amopfamily = o.opcfamily AND a.amoplefttype = o.opcintype"
                b" AND a.amoprighttype = o.opcintype WHERE o.opcdefault AND o.opcmethod IN (403, 405)"
            )
        }
        self._binary_casts: dict[int, list[int]] = {}
        for source, target in connection.execute(
            b"SELECT castsource::int8, casttarget::int8 FROM pg_cast c JOIN pg_type t ON t.oid = casttarget"
            b" WHERE castmethod = 'b' AND castcontext = 'i' ORDER BY t.typispreferred DESC"
        ):
            self._binary_casts.setdefault(_int(source), []).append(_int(target))
        self._pseudo_types = {
            str(name): _int(oid)
            for name, oid in connection.execute(
                b"SELECT typname, oid::int8 FROM pg_type WHERE typname IN"
                b" ('anyarray', 'anyenum', 'anyrange', 'anymultirange', 'record')"
            )
        }
        self._range_of_multirange = self._read_multiranges(connection)

    @staticmethod
    def _read_multiranges(connection: Connection) -> dict[int, int]:
        if connection.info.server_version < 140000:
            return {}
        rows = connection.execute(b"SELECT rngmultitypid::int8, rngtypid::int8 FROM pg_range")
        return {_int(multirange): _int(range_) for multirange, range_ in rows}

    @cached_property
    def _known(self) -> dict[int, ColumnOperators]:
        return {}

    def operators(self, attribute: Attribute) -> ColumnOperators:
        """For a column of that type and collation."""
        if attribute.type not in self._known:
            self._known[attribute.type] = self._look_up(attribute.type)
        return self._known[attribute.type]

    def _look_up(self, type_: int) -> ColumnOperators:
        base = self._base(type_)
        facts = self._types.get(base)
        is_range = facts is not None and facts.kind in "rm"
        element = facts.element if facts is not None and facts.category == "A" else 0
        if base == TSVECTOR_TYPE:
            element = TEXT_TYPE
        return ColumnOperators(
            equal=self._operator(base, BTREE, 3) or self._operator(base, HASH, 1),
            less=self._operator(base, BTREE, 1),
            element=element,
            element_equal=self._equal_of_element(element),
            element_collation=DEFAULT_COLLATION if base == TSVECTOR_TYPE else 0,
            is_range=is_range,
            range_type=self._range_of_multirange.get(base, base) if is_range else 0,
        )

    def _equal_of_element(self, element: int) -> int:
        base = self._base(element)
        return self._operator(base, BTREE, 3) or self._operator(base, HASH, 1) if element else 0

    def _base(self, type_: int) -> int:
        facts = self._types.get(type_)
        while facts is not None and facts.kind == "d":
            type_ = facts.base
            facts = self._types.get(type_)
        return type_

    def _operator(self, type_: int, method: int, strategy: int) -> int:
        """Of the default operator class of the type, or of one that it is read as without conversion."""
        for candidate in self._input_types(type_):
            operator = self._operators.get((method, candidate, strategy))
            if operator is not None:
                return operator
        return 0

    def _input_types(self, type_: int) -> Iterable[int]:
        yield type_
        yield from self._binary_casts.get(type_, ())
        facts = self._types.get(type_)
        if facts is None:
            return
        kinds = {"e": "anyenum", "r": "anyrange", "m": "anymultirange", "c": "record"}
        name = "anyarray" if facts.category == "A" else kinds.get(facts.kind, "")
        if name in self._pseudo_types:
            yield self._pseudo_types[name]


def _int(value: object) -> int:
    return int(str(value))


def _ints(values: object) -> tuple[int, ...]:
    assert isinstance(values, list)
    return tuple(_int(value) for value in values)
