"""The what-if indexes on TPC-H that the fidelity benchmark builds, each with a statement that has use for it."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey


@dataclass(frozen=True)
class WhatIf:
    """An index and its statement."""

    index: Index
    probe: str
    end: str | None = None
    """A statement that asks for the very end of the column."""

    @property
    def title(self) -> str:
        words = f"{self.index.table.name} ({', '.join(self.index.columns)})"
        if self.index.method != "btree":
            words = f"{self.index.table.name} USING {self.index.method} ({', '.join(self.index.columns)})"
        if self.index.include:
            words += f" INCLUDE ({', '.join(self.index.include)})"
        if self.index.predicate:
            words += f" WHERE {self.index.predicate}"
        return words


_L, _O, _C, _P, _PS = "lineitem", "orders", "customer", "part", "partsupp"

_CASES: tuple[tuple[str, str, str, str, str], ...] = (
    # table, keys, INCLUDE, WHERE, probe
    (_L, "l_orderkey", "", "", "SELECT * FROM lineitem WHERE l_orderkey BETWEEN 300000 AND 301000"),
    (_L, "l_partkey", "", "", "SELECT * FROM lineitem WHERE l_partkey = 4711"),
    (_L, "l_suppkey", "", "", "SELECT count(*) FROM lineitem WHERE l_suppkey BETWEEN 100 AND 200"),
    (_L, "l_shipdate", "", "", "SELECT sum(l_tax) FROM lineitem WHERE l_shipdate = date '1995-03-15'"),
    (_L, "l_quantity", "", "", "SELECT count(*) FROM lineitem WHERE l_quantity = 7"),
    (_L, "l_extendedprice", "", "", "SELECT * FROM lineitem WHERE l_extendedprice BETWEEN 50000 AND 50100"),
    (_L, "l_returnflag", "", "", "SELECT count(*) FROM lineitem WHERE l_returnflag = 'A'"),
    (_L, "l_shipmode", "", "", "SELECT count(*) FROM lineitem WHERE l_shipmode = 'RAIL'"),
    (_L, "l_partkey l_suppkey", "", "", "SELECT * FROM lineitem WHERE l_partkey = 4711 AND l_suppkey = 712"),
    (_L, "l_suppkey l_partkey", "", "", "SELECT l_partkey FROM lineitem WHERE l_suppkey = 712 ORDER BY l_partkey"),
    (_L, "l_shipmode l_receiptdate", "", "",
     "SELECT count(*) FROM lineitem WHERE l_shipmode = 'MAIL' AND l_receiptdate = date '1995-03-01'"),
    (_L, "l_shipdate l_commitdate", "", "",
     "SELECT count(*) FROM lineitem WHERE l_shipdate = date '1995-03-15' AND l_commitdate > date '1995-03-20'"),
    (_L, "l_suppkey l_shipdate", "", "",
     "SELECT count(*) FROM lineitem WHERE l_suppkey = 712 AND l_shipdate > date '1996-01-01'"),
    (_L, "l_shipdate l_discount l_quantity", "", "",
     "SELECT count(*) FROM lineitem WHERE l_shipdate = date '1997-09-01' AND l_discount = 0.05 AND l_quantity < 24"),
    (_L, "l_returnflag l_linestatus l_orderkey", "", "",
     "SELECT count(*) FROM lineitem WHERE l_returnflag = 'N' AND l_linestatus = 'F'"),
    (_L, "l_shipinstruct l_shipmode", "", "",
     "SELECT count(*) FROM lineitem WHERE l_shipinstruct = 'NONE' AND l_shipmode = 'AIR'"),
    (_L, "l_shipdate", "l_extendedprice l_discount", "",
     "SELECT sum(l_extendedprice * l_discount) FROM lineitem WHERE l_shipdate >= date '1998-06-01'"),
    (_L, "l_partkey", "l_quantity", "", "SELECT avg(l_quantity) FROM lineitem WHERE l_partkey BETWEEN 5000 AND 5500"),
    (_L, "l_partkey", "", "l_returnflag = 'R'",
     "SELECT * FROM lineitem WHERE l_partkey = 4711 AND l_returnflag = 'R'"),
    (_L, "l_receiptdate", "", "l_shipdate >= '1997-01-01'::date",
     "SELECT count(*) FROM lineitem WHERE l_receiptdate = date '1998-02-01' AND l_shipdate >= date '1997-01-01'"),
    (_O, "o_custkey", "", "", "SELECT * FROM orders WHERE o_custkey = 370"),
    (_O, "o_orderdate", "", "",
     "SELECT count(*) FROM orders WHERE o_orderdate BETWEEN date '1995-01-01' AND date '1995-01-15'"),
    (_O, "o_custkey o_orderdate", "", "",
     "SELECT * FROM orders WHERE o_custkey = 370 ORDER BY o_orderdate DESC LIMIT 5"),
    (_O, "o_clerk", "", "", "SELECT * FROM orders WHERE o_clerk = 'Clerk#000000951'"),
    (_O, "o_comment", "", "", "SELECT * FROM orders WHERE o_comment > 'the z' AND o_comment < 'thea'"),
    (_O, "o_orderpriority o_orderdate", "", "",
     "SELECT count(*) FROM orders WHERE o_orderpriority = '1-URGENT' AND o_orderdate = date '1995-03-01'"),
    (_O, "o_orderkey", "o_totalprice", "o_orderstatus = 'P'",
     "SELECT sum(o_totalprice) FROM orders WHERE o_orderstatus = 'P' AND o_orderkey < 1000000"),
    (_C, "c_name", "", "", "SELECT * FROM customer WHERE c_name = 'Customer#000000037'"),
    (_C, "c_nationkey c_mktsegment", "", "",
     "SELECT count(*) FROM customer WHERE c_nationkey = 7 AND c_mktsegment = 'BUILDING'"),
    (_C, "c_acctbal", "", "", "SELECT * FROM customer WHERE c_acctbal BETWEEN 5000 AND 5010"),
    (_P, "p_type p_size", "", "", "SELECT * FROM part WHERE p_type = 'ECONOMY ANODIZED STEEL' AND p_size = 15"),
    (_P, "p_brand p_container", "", "",
     "SELECT p_partkey FROM part WHERE p_brand = 'Brand#23' AND p_container = 'MED BOX'"),
    (_P, "p_name", "", "", "SELECT * FROM part WHERE p_name BETWEEN 'lemon' AND 'lemon b'"),
    (_PS, "ps_suppkey", "", "", "SELECT * FROM partsupp WHERE ps_suppkey = 712"),
    (_PS, "ps_suppkey ps_partkey", "", "", "SELECT ps_partkey FROM partsupp WHERE ps_suppkey = 712"),
    (_PS, "ps_supplycost", "", "", "SELECT * FROM partsupp WHERE ps_supplycost BETWEEN 500 AND 501"),
)  # fmt: skip


ENDS: dict[tuple[str, str], str] = {
    (_L, "l_extendedprice"): "SELECT * FROM lineitem WHERE l_extendedprice > 104000",
    (_O, "o_orderdate"): "SELECT * FROM orders WHERE o_orderdate < date '1992-01-03'",
    (_C, "c_acctbal"): "SELECT * FROM customer WHERE c_acctbal > 9990",
    (_P, "p_name"): "SELECT * FROM part WHERE p_name < 'almond antique blue'",
    (_PS, "ps_supplycost"): "SELECT * FROM partsupp WHERE ps_supplycost < 2",
}
"""Ranges at the end of a column: with a real index the planner looks the true least or greatest value up in it."""


def what_ifs() -> tuple[WhatIf, ...]:
    """All of them, each index under a name of its own."""
    return tuple(
        WhatIf(
            Index(
                f"fidelity_{number}",
                QualifiedName("public", table),
                tuple(IndexKey(column) for column in keys.split()),
                include=tuple(include.split()),
                predicate=predicate or None,
            ),
            probe,
            ENDS.get((table, keys)) if not include and not predicate else None,
        )
        for number, (table, keys, include, predicate, probe) in enumerate(_CASES, start=1)
    )
