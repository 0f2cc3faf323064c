"""Every format of one server tells the same of one statement: tables, indexes, conditions, costs and actual rows."""

from __future__ import annotations

import pytest

from dbtune.ddl.mysql_quoting import identifier, literal
from dbtune.model.errors import PlanFailed
from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.reading import read_explain
from dbtune.planner.mysql.relations import relations
from tests.planner.mysql.conftest import STATEMENTS, Shop

READS = [sql for sql in STATEMENTS if sql.startswith(("SELECT", "WITH"))]
CONSTANT = frozenset({"const", "system"})
"""Tables read before the plan is made: the iterators do not name them."""


UNLIKE = ("IN (SELECT", "EXISTS", "LEFT JOIN", "FROM (SELECT", "WITH", "LIMIT", "avg(", "UNION")
"""Statements whose cost the server itself counts otherwise in its iterators: subqueries, temporary tables, LIMIT. So it
does the lookup of one table by ``ref``."""


def scans(plan: Plan, *, constant: bool = False) -> list[tuple[object, ...]]:
    """The tables read, each with how."""
    return sorted(
        (node.alias, str(node.relation), node.access, node.type, node.index)
        for node in plan.root.walk()
        if node.relation is not None
        and node.type not in ("Bitmap Index Scan", "ModifyTable")
        and (constant or node.access not in CONSTANT)
    )


def bitmaps(plan: Plan) -> list[str | None]:
    return sorted(str(node.index) for node in plan.root.walk() if node.type == "Bitmap Index Scan")


def topmost_join(node: PlanNode) -> PlanNode:
    """The node up to which all formats count alike: what stands above (sorts, groups) only some do."""
    while node.type not in ("Nested Loop", "Hash Join") and node.access is None and node.children:
        node = node.children[0]
    return node


@pytest.mark.parametrize("sql", READS)
def test_mysql_formats_agree(mysql_shop: Shop, sql: str) -> None:
    known = mysql_shop.relations(sql)
    one, two, tree, ran = (
        read_explain(mysql_shop.explain(sql, format_), "mysql", known) for format_ in ("v1", "v2", "tree", "analyze")
    )
    assert scans(two) == scans(tree) == scans(ran)
    counted = sql == "SELECT count(*) FROM orders"  # by the storage engine, with whatever index it likes
    shared = "FROM t a JOIN t b" in sql  # version 1 shows the common table once as well
    if not shared and not counted:
        assert scans(one) == scans(two)
    assert bitmaps(one) == bitmaps(two) == bitmaps(tree)
    assert ran.execution_ms is not None and ran.root.actual_rows is not None
    assert tree.cost == pytest.approx(two.cost, rel=0.01, abs=0.006)
    if not any(word in sql for word in UNLIKE):
        first, second = topmost_join(one.root), topmost_join(two.root)
        if not counted and first.access not in (*CONSTANT, "ref", "ref_or_null"):
            assert second.total_cost == pytest.approx(first.total_cost, rel=0.03, abs=0.02)
    for node in (*two.root.walk(), *tree.root.walk(), *one.root.walk()):
        assert node.type not in ("Filter", "")


@pytest.mark.parametrize("sql", READS)
def test_mariadb_formats_agree(mariadb_shop: Shop, sql: str) -> None:
    known = mariadb_shop.relations(sql)
    planned = read_explain(mariadb_shop.explain(sql, "mariadb"), "mariadb", known)
    ran = read_explain(mariadb_shop.explain(sql, "mariadb analyze"), "mariadb", known)
    assert scans(planned, constant=True) == scans(ran, constant=True)
    assert bitmaps(planned) == bitmaps(ran)
    assert planned.cost == pytest.approx(ran.cost)
    if scans(planned):
        assert ran.execution_ms is not None
        assert planned.cost > 0


@pytest.mark.parametrize("sql", READS)
def test_mariadb_before_costs(old_mariadb_shop: Shop, mariadb_shop: Shop, sql: str) -> None:
    planned = read_explain(old_mariadb_shop.explain(sql, "mariadb"), "mariadb", old_mariadb_shop.relations(sql))
    ran = read_explain(old_mariadb_shop.explain(sql, "mariadb analyze"), "mariadb", old_mariadb_shop.relations(sql))
    assert scans(planned, constant=True) == scans(ran, constant=True)
    newer = read_explain(mariadb_shop.explain(sql, "mariadb"), "mariadb", mariadb_shop.relations(sql))
    assert {row[1] for row in scans(planned, constant=True)} == {row[1] for row in scans(newer, constant=True)}


@pytest.mark.parametrize("sql", [sql for sql in STATEMENTS if sql not in READS])
def test_writes(mysql_shop: Shop, mariadb_shop: Shop, sql: str) -> None:
    for shop, format_ in ((mysql_shop, "v1"), (mariadb_shop, "mariadb")):
        plan = read_explain(shop.explain(sql, format_), "mysql" if format_ == "v1" else "mariadb", shop.relations(sql))
        tables = {node.relation.name for node in plan.root.walk() if node.relation is not None}
        assert tables <= {"orders", "items", "customers", "plain"} and tables
        if sql.startswith(("UPDATE orders SET", "DELETE FROM")):
            assert plan.root.type == "ModifyTable" and plan.indexes
            if "ORDER BY" in sql:
                assert [node.type for node in plan.root.walk()] == ["ModifyTable", "Sort", "Index Scan"]


def test_a_table_that_a_subquery_is_looked_up_in(mysql_shop: Shop, mariadb_shop: Shop) -> None:
    # MariaDB's note names it without schema and alias
    sql = (
        "SELECT c.id FROM customers c WHERE c.country = 'AA'"
        " AND c.id NOT IN (SELECT o.customer FROM orders o WHERE o.total > 3)"
    )
    for shop in (mysql_shop, mariadb_shop):
        found = shop.relations(sql)
        assert {alias: table.name for alias, table in found.by_alias.items()} == {"c": "customers", "o": "orders"}
        assert {table.schema for table in found.by_alias.values()} == {"shop"}


def test_what_a_table_node_holds(mysql_shop: Shop, mariadb_shop: Shop) -> None:
    sql = "SELECT * FROM orders WHERE placed BETWEEN '2024-03-01' AND '2024-03-09' AND status LIKE '%e%' AND total > 5"
    for shop, format_ in ((mysql_shop, "v1"), (mysql_shop, "v2"), (mariadb_shop, "mariadb")):
        root = read_explain(
            shop.explain(sql, format_), "mariadb" if "m" in format_ else "mysql", shop.relations(sql)
        ).root
        assert (root.access, root.index, root.relation) == ("range", "by_placed", QualifiedName("shop", "orders"))
        assert root.key_columns[:1] == ("placed",)
        assert (
            root.index_condition is not None and "placed" in root.index_condition and "status" in root.index_condition
        )
        assert root.filter is not None and "total" in root.filter
        assert root.examined_rows is not None and 70 < root.examined_rows < 100
        if format_ != "v2":
            assert root.possible_indexes == ("by_placed",)
            assert root.key_length in (3, 45)


def test_references_and_join_order(mysql_shop: Shop) -> None:
    sql = "SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer = c.id WHERE c.city = 'city 3'"
    root = read_explain(mysql_shop.explain(sql, "v1"), "mysql", mysql_shop.relations(sql)).root
    outer, inner = root.children
    assert (root.type, outer.parent_relationship, inner.parent_relationship) == ("Nested Loop", "Outer", "Inner")
    assert outer.references == ("const",) and inner.references == ("shop.c.id",)
    assert inner.relation == QualifiedName("shop", "orders") and inner.alias == "o"
    assert root.total_cost == pytest.approx(outer.total_cost + outer.rows * inner.total_cost)


def test_actual_rows_and_loops(mysql_shop: Shop, mariadb_shop: Shop) -> None:
    sql = "SELECT * FROM customers c JOIN orders o ON o.customer = c.id WHERE c.city = 'city 3' AND o.status = 'new'"
    for shop, format_ in ((mysql_shop, "analyze"), (mariadb_shop, "mariadb analyze")):
        dialect = "mysql" if format_ == "analyze" else "mariadb"
        plan = read_explain(shop.explain(sql, format_), dialect, shop.relations(sql))  # type: ignore[arg-type]
        with shop.server.connect("shop") as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            rows = len(cursor.fetchall())
        inner = next(node for node in plan.root.walk() if node.alias == "o")
        assert inner.actual_loops and inner.actual_rows is not None
        assert inner.actual_rows * inner.actual_loops == pytest.approx(rows, rel=0.01)
        assert inner.actual_ms is not None and 0 < inner.actual_ms < 1000


def test_a_dependent_subquery_is_told_from_one_that_runs_once(mysql_shop: Shop, mariadb_shop: Shop) -> None:
    once = "SELECT * FROM orders WHERE total > (SELECT avg(total) FROM orders)"
    often = "SELECT (SELECT max(total) FROM orders o WHERE o.customer = c.id) FROM customers c WHERE c.city = 'city 3'"
    for shop, format_ in ((mysql_shop, "v1"), (mysql_shop, "v2"), (mysql_shop, "tree"), (mariadb_shop, "mariadb")):
        dialect = "mariadb" if format_ == "mariadb" else "mysql"
        for sql, role in ((once, "InitPlan"), (often, "SubPlan")):
            plan = read_explain(shop.explain(sql, format_), dialect, shop.relations(sql))  # type: ignore[arg-type]
            (subplan,) = [n for n in plan.root.walk() if n.subplan_name == "select #2"]
            assert subplan.parent_relationship == role, (format_, sql)


@pytest.mark.parametrize(
    "text", ["", "no plan", "{}", "[]", '{"query_block": 1}', "-> <not executable by iterator executor>\n"]
)
def test_what_is_no_plan(text: str) -> None:
    for dialect in ("mysql", "mariadb"):
        with pytest.raises(PlanFailed):
            read_explain(text, dialect, relations("shop", ""))  # type: ignore[arg-type]


ODD = ("""odd "name's""", "a,b", "ba`ck\\", "plain", "naïve.Ü")
VALUES = ("it's", 'say "no"', "back\\slash", "tab\tand\nline", "[1, 2]", '{"a": "b"}')


@pytest.mark.parametrize("shop", ["mysql_shop", "mariadb_shop", "old_mariadb_shop"])
def test_quotes_in_values_and_names_of_partitions(shop: str, request: pytest.FixtureRequest) -> None:
    """MariaDB writes both into its JSON as they are."""
    found: Shop = request.getfixturevalue(shop)
    format_ = "v1" if found.server.family == "mysql" else "mariadb"
    parts = ", ".join(f"PARTITION {identifier(name)} VALUES IN ({n})" for n, name in enumerate(ODD))
    found.server.run(
        "DROP TABLE IF EXISTS shop.odd",
        f"CREATE TABLE shop.odd (k INT NOT NULL, v VARCHAR(40)) PARTITION BY LIST (k) ({parts})",
        "INSERT INTO shop.odd VALUES (0, 'a'), (0, 'b'), (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a'), (4, 'b')",
    )
    for value in VALUES:
        for key, name in enumerate(ODD):
            sql = f"SELECT * FROM odd WHERE k = {key} AND v <> {literal(value)} ORDER BY v"
            plan = read_explain(found.explain(sql, format_), found.server.family, found.relations(sql))
            assert [node.partitions for node in plan.root.walk() if node.relation] == [(name,)], value
    sql = "SELECT * FROM odd ORDER BY v"
    plan = read_explain(found.explain(sql, format_), found.server.family, found.relations(sql))
    assert [node.partitions for node in plan.root.walk() if node.relation] == [ODD]
    found.server.run("DROP TABLE shop.odd")
