"""What hangs on a table, as the catalog of each version has it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dbtune.model.attachments import Attachments, Grant, Policy, Publication, Trigger
from dbtune.model.names import QualifiedName
from tests.rules.case_files import snapshot_of

SCHEMA = """
DO $$ BEGIN CREATE ROLE attached_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
CREATE TABLE orders (id bigint PRIMARY KEY, total int, note text);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION open_orders() RETURNS SETOF orders LANGUAGE sql AS 'SELECT * FROM orders';
CREATE TRIGGER a BEFORE UPDATE OF total ON orders FOR EACH ROW WHEN (OLD.total > 0) EXECUTE FUNCTION touch();
CREATE TRIGGER b AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER b;
CREATE POLICY small ON orders AS RESTRICTIVE FOR UPDATE TO attached_reader USING (total < 9) WITH CHECK (total < 10);
ALTER TABLE orders FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT ON orders TO attached_reader WITH GRANT OPTION;
GRANT UPDATE (note) ON orders TO PUBLIC;
CREATE PUBLICATION changes FOR TABLE orders;
CREATE RULE quiet AS ON DELETE TO orders DO ALSO NOTHING;
CREATE VIEW large WITH (security_barrier = true) AS SELECT id FROM orders WHERE total > 5;
CREATE MATERIALIZED VIEW totals AS SELECT sum(total) FROM orders;
ALTER TABLE orders REPLICA IDENTITY FULL;
CREATE TABLE plain (id int);
ANALYZE;
"""


@pytest.mark.parametrize("major", [15, 16, 17, 18])
def test_all_that_hangs_on_a_table(make_database: Callable[..., str], major: int) -> None:
    snapshot = snapshot_of(make_database(SCHEMA, major=major))
    assert not snapshot.limits
    orders, plain = (snapshot.table(QualifiedName("public", name)) for name in ("orders", "plain"))
    assert orders is not None and plain is not None
    assert orders.attachments == Attachments(
        owner="postgres",
        triggers=(
            Trigger(
                "a",
                "CREATE TRIGGER a BEFORE UPDATE OF total ON public.orders FOR EACH ROW"
                " WHEN ((old.total > 0)) EXECUTE FUNCTION public.touch()",
            ),
            Trigger(
                "b",
                "CREATE TRIGGER b AFTER INSERT ON public.orders REFERENCING NEW TABLE AS new_rows"
                " FOR EACH STATEMENT EXECUTE FUNCTION public.touch()",
                enabled="disabled",
                for_each_row=False,
                has_transition_tables=True,
            ),
        ),
        policies=(Policy("small", "update", False, ("attached_reader",), "(total < 9)", "(total < 10)"),),
        forced_row_security=True,
        grants=(
            Grant("attached_reader", ("INSERT", "SELECT"), grantable=True),
            Grant("", ("UPDATE",), ("note",)),
        ),
        publications=(Publication("changes"),),
        rules=("quiet",),
        dependents=(
            ("function", QualifiedName("public", "open_orders")),
            ("materialized view", QualifiedName("public", "totals")),
            ("view", QualifiedName("public", "large")),
        ),
        replica_identity="full",
    )
    assert plain.attachments == Attachments(owner="postgres")
    assert [(view.name.name, view.options) for view in snapshot.views] == [("large", (("security_barrier", "true"),))]
