"""Statements and the indexes that are built for them, which ``mysql_what_if.py`` measures: TPC-H's and the shop's."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.mysql_tpch import mysql_queries
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Index, IndexKey


@dataclass(frozen=True)
class Case:
    """A statement and the indexes that are built for it, each ``table: columns``."""

    name: str
    sql: str
    indexes: tuple[str, ...]

    def built(self, database: str) -> tuple[Index, ...]:
        made = []
        for number, text in enumerate(self.indexes, start=1):
            table, _, columns = text.partition(": ")
            keys = tuple(IndexKey(column) for column in columns.split())
            made.append(Index(f"w{number}_{'_'.join(columns.split())}"[:60], QualifiedName(database, table), keys))
        return tuple(made)


def tpch_cases() -> tuple[Case, ...]:
    """Twelve: lookups, ranges, joins, subqueries; one index and several."""
    q = mysql_queries()
    one_week = "l_shipdate >= '1994-01-01' AND l_shipdate < '1994-01-08'"
    return (
        Case("lookup by customer", "SELECT * FROM orders WHERE o_custkey = 370", ("orders: o_custkey",)),
        Case("clerk's orders, newest first",
             "SELECT * FROM orders WHERE o_clerk = 'Clerk#000000051' ORDER BY o_orderdate DESC LIMIT 10",
             ("orders: o_clerk o_orderdate",)),
        Case("one week of lineitem", f"SELECT sum(l_tax) FROM lineitem WHERE {one_week}", ("lineitem: l_shipdate",)),
        Case("Q3", q["Q3"], ("orders: o_custkey o_orderdate", "customer: c_mktsegment")),
        Case("Q4", q["Q4"], ("orders: o_orderdate",)),
        Case("Q5", q["Q5"], ("orders: o_orderdate", "lineitem: l_suppkey", "customer: c_nationkey")),
        Case("Q6", q["Q6"], ("lineitem: l_shipdate l_discount l_quantity l_extendedprice",)),
        Case("Q10", q["Q10"], ("orders: o_orderdate", "lineitem: l_returnflag")),
        Case("Q12", q["Q12"], ("lineitem: l_receiptdate l_shipmode",)),
        Case("Q14", q["Q14"], ("lineitem: l_shipdate",)),
        Case("Q17", q["Q17"], ("lineitem: l_partkey", "part: p_brand p_container")),
        Case("Q20", q["Q20"], ("lineitem: l_partkey l_suppkey l_shipdate", "supplier: s_nationkey")),
    )  # fmt: skip


def shop_cases() -> tuple[Case, ...]:
    """Twelve that a web shop sends: lookups, ranges, sorts that end with LIMIT, joins, aggregates, subqueries."""
    return (
        Case("payment of an order",
             "SELECT id, state, amount_cents FROM payments WHERE order_id = 200123",
             ("payments: order_id",)),
        Case("customer's orders, newest first",
             "SELECT id, status, total_cents, placed_at FROM orders WHERE customer_id = 1234"
             " ORDER BY placed_at DESC LIMIT 20",
             ("orders: customer_id placed_at",)),
        Case("products by tag",
             "SELECT p.id, p.name FROM product_tags t JOIN products p ON p.id = t.product_id WHERE t.tag = 't377'",
             ("product_tags: tag",)),
        Case("revenue by day over a month",
             "SELECT DATE(placed_at) AS day, count(*), sum(total_cents) FROM orders"
             " WHERE placed_at >= '2026-05-01' AND placed_at < '2026-06-01' GROUP BY DATE(placed_at) ORDER BY day",
             ("orders: placed_at",)),
        Case("errors of the last days",
             "SELECT id, payload, created_at FROM events WHERE kind = 'error' AND created_at > '2026-06-25'"
             " ORDER BY created_at DESC",
             ("events: kind created_at",)),
        Case("carts to remind of",
             "SELECT id, customer_id FROM carts WHERE checked_out_at IS NULL AND updated_at < '2025-06-01'"
             " ORDER BY updated_at LIMIT 200",
             ("carts: checked_out_at updated_at",)),
        Case("best sellers of a week",
             "SELECT i.product_id, sum(i.quantity) AS sold FROM orders o JOIN order_items i ON i.order_id = o.id"
             " WHERE o.placed_at >= '2026-06-20' AND o.status <> 'cancelled'"
             " GROUP BY i.product_id ORDER BY sold DESC LIMIT 10",
             ("orders: placed_at", "order_items: product_id")),
        Case("customers whose payment failed",
             "SELECT c.email, o.id, p.amount_cents FROM payments p JOIN orders o ON o.id = p.order_id"
             " JOIN customers c ON c.id = o.customer_id WHERE p.state = 'failed' AND p.created_at >= '2026-06-01'",
             ("payments: state created_at", "orders: customer_id")),
        Case("revenue by country this year",
             "SELECT c.country, count(*) AS orders, sum(o.total_cents) AS revenue FROM orders o"
             " JOIN customers c ON c.id = o.customer_id WHERE o.placed_at >= '2026-01-01' AND o.status = 'delivered'"
             " GROUP BY c.country ORDER BY revenue DESC",
             ("orders: status placed_at", "orders: customer_id")),
        Case("best rated of a category",
             "SELECT p.id, p.name, avg(r.rating) AS stars FROM products p JOIN reviews r ON r.product_id = p.id"
             " WHERE p.category_id = 42 AND r.approved = 1 GROUP BY p.id, p.name ORDER BY stars DESC LIMIT 10",
             ("reviews: product_id approved",)),
        Case("customers without an order this year",
             "SELECT c.id, c.email FROM customers c WHERE c.country = 'SE' AND c.marketing = 1 AND NOT EXISTS"
             " (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.placed_at >= '2026-01-01')",
             ("orders: customer_id placed_at",)),
        Case("newest orders that hold a product",
             "SELECT id, customer_id, placed_at FROM orders WHERE id IN"
             " (SELECT order_id FROM order_items WHERE product_id = 16000) ORDER BY placed_at DESC LIMIT 20",
             ("order_items: product_id order_id", "orders: placed_at")),
    )  # fmt: skip
