"""EXPLAIN of versions that tests cannot start, as people have published it (shortened)."""

from __future__ import annotations

import pytest

from dbtune.model.names import QualifiedName
from dbtune.planner.mysql.json_v1 import read_json_v1
from dbtune.planner.mysql.mariadb_json import read_mariadb
from dbtune.planner.mysql.relations import Relations, relations
from dbtune.planner.mysql.tree import read_tree

SHOP = Relations("shop")

MYSQL_5_7 = """{"query_block": {"select_id": 1, "cost_info": {"query_cost": "35.00"}, "ordering_operation": {
 "using_filesort": true, "table": {"table_name": "tbl", "access_type": "ALL", "rows_examined_per_scan": 100,
 "rows_produced_per_join": 100, "filtered": "100.00", "cost_info": {"read_cost": "15.00", "eval_cost": "20.00",
 "prefix_cost": "35.00", "data_read_per_join": "302K"}, "used_columns": ["id", "name"],
 "materialized_from_subquery": {"using_temporary_table": true, "dependent": false, "cacheable": true, "query_block": {
  "union_result": {"using_temporary_table": true, "table_name": "<union2,4>", "access_type": "ALL",
  "query_specifications": [{"dependent": false, "cacheable": true, "query_block": {"select_id": 3,
   "cost_info": {"query_cost": "5463.81"}, "ordering_operation": {"using_filesort": true, "table": {
    "table_name": "users", "access_type": "range", "possible_keys": ["name_index"], "key": "name_index",
    "used_key_parts": ["name"], "key_length": "22", "rows_examined_per_scan": 3902, "rows_produced_per_join": 3902,
    "filtered": "100.00", "cost_info": {"read_cost": "4683.41", "eval_cost": "780.40", "prefix_cost": "5463.81",
    "data_read_per_join": "24M"}, "attached_condition": "(`socnetwork`.`users`.`name` like 'ab%')"}}}}]}}}}}}}"""
"""MySQL 5.7 (its costs: 0.2 a row, 1 a page): a derived table made of a union, from a report of a load test."""

MYSQL_8_0_REVERSE = """-> Limit: 20 row(s)  (cost=19533 rows=20) (actual time=2.99..2.99 rows=20 loops=1)
    -> Index lookup on orders using idx_status_created (status='pending') (reverse)  (cost=19533 rows=182582) (actual \
time=2.98..2.99 rows=20 loops=1)
"""
"""MySQL 8.0, from an article on indexes and sorting."""

MYSQL_8_0_JOIN = """-> Nested loop inner join  (cost=1.05 rows=1) (actual time=0.152..0.152 rows=0 loops=1)
    -> Nested loop inner join  (cost=0.70 rows=1) (actual time=0.123..0.123 rows=0 loops=1)
        -> Index scan on Drivers using Drivers_car_id_index  (cost=0.35 rows=1) (actual time=0.09..0.09 rows=0 loops=1)
        -> Index lookup on Orders using Orders_Drivers_id_fk (driver_id=Drivers.id)  (cost=0.35 rows=1) (never executed)
    -> Single-row index lookup on Clients using PRIMARY (id=Orders.client_id)  (cost=0.35 rows=1) (never executed)
"""
"""MySQL 8.0.2x, from lecture notes."""

MYSQL_8_4_CTE = """-> Nested loop inner join  (cost=3.2 rows=1.91) (actual time=0.1..0.13 rows=3 loops=1)
    -> Table scan on orders_with_large_items  (cost=2.28..4.5 rows=1.91) (actual time=0.1..0.1 rows=3 loops=1)
        -> Materialize CTE orders_with_large_items  (cost=1.91..1.91 rows=1.91) (actual time=0.1..0.1 rows=3 loops=1)
            -> Group (no aggregates)  (cost=1.72 rows=1.91) (actual time=0.0552..0.0749 rows=3 loops=1)
                -> Filter: (order_items.quantity >= 5)  (cost=1.35 rows=3.67) (actual time=0.05..0.07 rows=3 loops=1)
                    -> Covering index scan on order_items using idx_order_items_order_id_quantity  (cost=1.35 rows=11) \
(actual time=0.0371..0.066 rows=11 loops=1)
    -> Filter: ((orders.order_date >= DATE'2024-01-01') and (orders.user_id is not null))  (cost=0.261 rows=0.333) \
(actual time=0.0163..0.0186 rows=1 loops=3)
        -> Index lookup on orders using idx_orders_order_id (order_id=orders_with_large_items.order_id)  (cost=0.261 \
rows=1) (actual time=0.0147..0.0168 rows=1 loops=3)
"""
"""MySQL 8.4, from an answer to an exercise on EXPLAIN ANALYZE."""

MARIADB_10_1 = """{"query_block": {"select_id": 1,
  "table": {"table_name": "A", "access_type": "ALL", "rows": 10, "filtered": 100, "attached_condition": "(A.b = 3)"},
  "block-nl-join": {"table": {"table_name": "B", "access_type": "ALL", "rows": 10, "filtered": 50},
   "buffer_type": "flat", "buffer_size": "256Kb", "join_type": "BNL", "attached_condition": "((A.a + B.a) < 3)"},
  "table": {"table_name": "C", "access_type": "ref", "key": "by_a", "used_key_parts": ["a"], "ref": ["B.a"],
   "rows": 2}}}"""
"""MariaDB up to 10.5 writes the tables of a join as members of one name (MariaDB documentation, "EXPLAIN FORMAT=JSON
Differences From MySQL")."""


def test_5_7_a_union_in_a_derived_table() -> None:
    plan = read_json_v1(MYSQL_5_7, Relations("socnetwork"))
    sort, scan, filling, union, again, part, table = plan.root.walk().__iter__()
    assert plan.cost == 35.0
    assert (sort.type, scan.type, scan.alias, scan.relation) == ("Sort", "Subquery Scan", "tbl", None)
    assert (filling.type, filling.parent_relationship) == ("Materialize", "Subquery")
    assert (union.type, again.type, part.type) == ("Materialize", "Append", "Sort")
    assert table.relation == QualifiedName("socnetwork", "users") and table.index == "name_index"
    assert (table.access, table.key_columns, table.key_length, table.rows) == ("range", ("name",), 22, 3902.0)
    assert part.total_cost == 5463.81 and plan.indexes == {"name_index"}


def test_8_0_an_index_read_backward() -> None:
    plan = read_tree(MYSQL_8_0_REVERSE, SHOP)
    (scan,) = plan.root.children
    assert (plan.root.type, plan.root.strategy) == ("Limit", "20 row(s)")
    assert (scan.type, scan.index, scan.strategy, scan.access) == (
        "Index Scan",
        "idx_status_created",
        "Backward",
        "ref",
    )
    assert (scan.recheck_condition, scan.rows, scan.actual_rows) == ("(status='pending')", 182582.0, 20.0)
    assert plan.execution_ms == 2.99


def test_8_0_what_was_never_executed() -> None:
    plan = read_tree(MYSQL_8_0_JOIN, SHOP)
    drivers, orders, clients = (node for node in plan.root.walk() if node.access is not None)
    assert (drivers.access, orders.access, clients.access) == ("index", "ref", "eq_ref")
    assert (drivers.actual_loops, orders.actual_loops, orders.actual_rows, clients.actual_loops) == (1.0, 0.0, 0.0, 0.0)
    assert plan.root.children[0].parent_relationship == "Outer" and clients.parent_relationship == "Inner"


def test_8_4_a_common_table() -> None:
    note = "from `orders_with_large_items` join `shop`.`orders` where true"
    plan = read_tree(MYSQL_8_4_CTE, relations("shop", note))
    scan, orders = plan.root.children
    assert (scan.type, scan.relation, scan.alias) == ("Subquery Scan", None, "orders_with_large_items")
    assert [node.type for node in scan.walk()] == ["Subquery Scan", "Materialize", "Aggregate", "Index Only Scan"]
    assert orders.relation == QualifiedName("shop", "orders") and orders.filter is not None
    assert (orders.rows, orders.examined_rows, orders.actual_loops) == (0.333, 1.0, 3.0)
    items = next(node for node in plan.root.walk() if node.alias == "order_items")
    assert (items.actual_examined_rows, items.actual_rows, items.filter) == (11.0, 3.0, "(order_items.quantity >= 5)")


def test_mariadb_tables_of_one_name() -> None:
    root = read_mariadb(MARIADB_10_1, SHOP).root
    assert [node.alias for node in root.walk() if node.alias] == ["A", "B", "C"]
    inner = root.children[0]
    assert (inner.strategy, inner.join_condition) == ("Block", "((A.a + B.a) < 3)")
    assert root.rows == pytest.approx(10 * 5 * 2)
    assert root.children[1].references == ("B.a",)
