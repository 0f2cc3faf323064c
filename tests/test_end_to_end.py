"""The whole way on a real server: collect, advise, run the SQL, plan again for real, run it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg

from dbtune.logs.sql_file import read_sql_file
from dbtune.model.recommendation import Report
from dbtune.planner.plan_reader import read_plan
from dbtune.rules.engine import AdviseOptions
from tests.rules.case_files import advice, run_sql, snapshot_of

SCHEMA = """
CREATE TABLE customers (id bigint PRIMARY KEY, email text NOT NULL, country text NOT NULL, joined timestamptz NOT NULL);
CREATE TABLE orders (
    id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, status text NOT NULL,
    total numeric NOT NULL, created_at timestamptz NOT NULL, note text
);
CREATE TABLE items (
    id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders ON DELETE CASCADE, product int NOT NULL,
    quantity int NOT NULL
);
CREATE TABLE log (id bigint, at date NOT NULL, kind int NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE log_2023 PARTITION OF log FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE log_2024 PARTITION OF log FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO customers
SELECT i, 'user' || i || '@example.org', (ARRAY['de', 'fr', 'us'])[1 + i % 3],
       '2024-01-01'::timestamptz + i * interval '1 h'
FROM generate_series(1, 10000) i;
INSERT INTO orders
SELECT i, 1 + (i * 7919) % 10000, CASE WHEN i % 50 = 0 THEN 'new' ELSE 'shipped' END, i % 1000,
       '2024-01-01'::timestamptz + i * interval '3 min', md5(i::text)
FROM generate_series(1, 100000) i;
INSERT INTO items SELECT i, 1 + (i * 31) % 100000, i % 500, 1 + i % 5 FROM generate_series(1, 200000) i;
INSERT INTO log SELECT i, '2023-01-01'::date + i % 700, i % 1000 FROM generate_series(1, 60000) i;
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_status_again ON orders (status);
CREATE INDEX orders_id_plain ON orders (id);
CREATE INDEX items_product ON items (product);
CREATE INDEX items_product_quantity ON items (product, quantity DESC);
CREATE INDEX log_kind_id ON log (kind, id);
CREATE INDEX log_kind ON log (kind);
COMMENT ON INDEX items_product IS 'for the catalogue''s page';
VACUUM ANALYZE;
"""

WORKLOAD = """
-- calls: 5000
SELECT * FROM orders WHERE customer_id = 42 ORDER BY created_at DESC LIMIT 10;
-- calls: 500
SELECT o.id, sum(i.quantity) FROM orders o JOIN items i ON i.order_id = o.id WHERE o.customer_id = 42 GROUP BY o.id;
-- calls: 500
SELECT * FROM orders WHERE status = 'new' AND total > 900;
-- calls: 300
SELECT count(*) FROM items WHERE product = 7;
-- calls: 200
SELECT c.country, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id
WHERE o.created_at >= '2024-07-20' GROUP BY c.country;
-- calls: 100
DELETE FROM orders WHERE id = 77777;
-- calls: 100
INSERT INTO items VALUES (900001, 5, 7, 1);
-- calls: 200
SELECT count(*) FROM log WHERE kind = 5;
-- calls: 10
SELECT * FROM nowhere WHERE id = 1;
"""

INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, obj_description(indexrelid, 'pg_class'),
       (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = indexrelid)
FROM pg_index WHERE indrelid >= 16384 AND indrelid::regclass::text NOT LIKE 'pg_toast%' ORDER BY 1
"""


def test_advice_keeps_its_promise_and_can_be_taken_back(make_database: Callable[..., str], tmp_path: Path) -> None:
    url = make_database()
    run_sql(url, SCHEMA)
    file = tmp_path / "workload.sql"
    file.write_text(WORKLOAD)
    workload = read_sql_file(file)
    report = advice(snapshot_of(url), workload, AdviseOptions())

    rules = [recommendation.rule for recommendation in report.recommendations]
    assert {"index.missing", "index.duplicate", "index.redundant"} <= set(rules)
    assert [skipped.reason for skipped in report.workload.skipped] == ['relation "nowhere" does not exist']
    assert all(one.evidence.confidence == "proven" for one in report.recommendations if one.sql.up)
    samples = {s.fingerprint: (s.calls, s.samples[0]) for s in workload.statements}
    planned = {fingerprint: samples[fingerprint] for fingerprint in samples.keys() - _skipped(report)}

    indexes = _rows(url, INDEXES)
    before = _cost(url, planned)
    assert abs(report.summary.cost_before / before - 1) < 0.001

    _run(url, [statement for one in report.recommendations for statement in one.sql.up])
    after = _cost(url, planned)
    assert _rows(url, INDEXES) != indexes
    assert after < 0.5 * before
    fall, promised = before - after, report.summary.cost_before - report.summary.cost_after
    assert abs(fall / promised - 1) < 0.1
    assert abs(after / report.summary.cost_after - 1) < 0.1

    _run(url, [statement for one in reversed(report.recommendations) for statement in one.sql.down])
    assert _rows(url, INDEXES) == indexes


def test_advice_comes_to_an_end(make_database: Callable[..., str], tmp_path: Path) -> None:
    """Each time the workload becomes cheaper, and soon there is nothing more: no index comes and goes for ever."""
    url = make_database()
    run_sql(url, SCHEMA)
    file = tmp_path / "workload.sql"
    file.write_text(WORKLOAD)
    workload = read_sql_file(file)
    dropped: list[str | None] = []
    for _ in range(4):
        taken = [one for one in advice(snapshot_of(url), workload, AdviseOptions()).recommendations if one.sql.up]
        if not taken:
            return
        dropped += [one.object.index for one in taken if one.rule != "index.missing"]
        assert not set(dropped) & {one.object.index for one in taken if one.rule == "index.missing"}
        _run(url, [statement for one in taken for statement in one.sql.up])
    raise AssertionError([one.title for one in taken])


def _skipped(report: Report) -> set[str]:
    return {skipped.fingerprint for skipped in report.workload.skipped}


def _run(url: str, statements: list[str]) -> None:
    """Each as it stands, outside a transaction, as psql would."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def _rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def _cost(url: str, statements: dict[str, tuple[float, str]]) -> float:
    """The workload's cost as the real database plans it: calls times cost."""
    with psycopg.connect(url) as connection:
        total = 0.0
        for calls, sql in statements.values():
            row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {sql.rstrip(';')}".encode()).fetchone()
            assert row is not None
            total += calls * read_plan(row[0]).cost
        return total
