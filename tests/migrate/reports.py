"""A schema, and a report of all kinds of changes to it, with names and literals that need quoting everywhere."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.recommendation import Change, Evidence, Recommendation, Report, Severity, Subject, Target
from tests.report.samples import EMPTY

SCHEMA = r"""
CREATE TABLE shop_order (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL,
    note text NOT NULL, details jsonb NOT NULL, created_at timestamptz NOT NULL
);
INSERT INTO shop_order (customer_id, status, note, details, created_at)
SELECT n % 50, 'open', 'note ' || n, '{}', now() - n * interval '1 min' FROM generate_series(1, 500) AS n;
CREATE INDEX shop_order_note ON shop_order (note);
CREATE TABLE event (at date NOT NULL, kind text NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE SCHEMA "Sales";
CREATE TABLE "Sales"."Order ""X"" Line" ("Order Id" bigint, "it's" int);
"""

ODD = r"""(note <> 'a:b ?x ${y} {z} "q" ` %s 50% it''s; \n' AND note !~ '\d::\d' AND (details ? 'gift') IS NOT TRUE)"""
"""Everything that one tool or another takes for something of its own."""


ODD_WORDS = 'that is "all" */ ${x} {{y}} {% z %} \\ %(a)s #{b}'


def recommendation(
    number: int,
    rule: str,
    title: str,
    subject: Subject,
    up: tuple[str, ...],
    down: tuple[str, ...],
    severity: Severity = "medium",
) -> Recommendation:
    return Recommendation(
        id=f"{number:016x}",
        rule=rule,
        group=rule.split(".")[0],
        severity=severity,
        title=title,
        object=subject,
        reason=f"`SELECT * FROM {subject.table} WHERE x = $1` → it's cheaper; {ODD_WORDS}.",
        evidence=Evidence("proven"),
        sql=Change(up, down),
        risk="each INSERT pays; a yearly job's plan may change",
    )


PLAIN = recommendation(
    1,
    "index.missing",
    "Index shop_order (customer_id, created_at DESC) INCLUDE (status)",
    Subject("public", "shop_order", ("customer_id", "created_at"), "idx_shop_order_customer_id_created_at_incl_status"),
    (
        "CREATE INDEX CONCURRENTLY idx_shop_order_customer_id_created_at_incl_status ON public.shop_order "
        "(customer_id, created_at DESC) INCLUDE (status)",
    ),
    ("DROP INDEX CONCURRENTLY IF EXISTS public.idx_shop_order_customer_id_created_at_incl_status",),
    "high",
)
SIMPLE = recommendation(
    2,
    "index.missing",
    "Index shop_order (status, created_at DESC)",
    Subject("public", "shop_order", ("status", "created_at"), "idx_shop_order_status"),
    ("CREATE INDEX CONCURRENTLY idx_shop_order_status ON public.shop_order (status, created_at DESC)",),
    ("DROP INDEX CONCURRENTLY IF EXISTS public.idx_shop_order_status",),
)
EXPRESSION = recommendation(
    3,
    "index.missing",
    "Index shop_order ((lower(note))), partial",
    Subject("public", "shop_order", ("(lower(note))",), "idx_shop_order_lower_partial"),
    (
        f"CREATE INDEX CONCURRENTLY idx_shop_order_lower_partial ON public.shop_order ((lower(note))) WHERE {ODD}",
        "ANALYZE public.shop_order",
    ),
    ("DROP INDEX CONCURRENTLY IF EXISTS public.idx_shop_order_lower_partial",),
)
QUOTED = recommendation(
    4,
    "index.foreign-key",
    'Index Sales.Order "X" Line (Order Id)',
    Subject("Sales", 'Order "X" Line', ("Order Id", "it's"), 'idx_Order "X" Line_it\'s'),
    (r"""CREATE INDEX CONCURRENTLY "idx_Order ""X"" Line_it's" ON "Sales"."Order ""X"" Line" ("Order Id", "it's")""",),
    (r'''DROP INDEX CONCURRENTLY IF EXISTS "Sales"."idx_Order ""X"" Line_it's"''',),
)
PARTITIONED = recommendation(
    5,
    "index.missing",
    "Index event (kind)",
    Subject("public", "event", ("kind",), "idx_event_kind"),
    (
        "CREATE INDEX idx_event_kind ON ONLY public.event (kind)",
        "CREATE INDEX CONCURRENTLY idx_event_2024_kind ON public.event_2024 (kind)",
        "ALTER INDEX public.idx_event_kind ATTACH PARTITION public.idx_event_2024_kind",
        "CREATE INDEX CONCURRENTLY idx_event_2025_kind ON public.event_2025 (kind)",
        "ALTER INDEX public.idx_event_kind ATTACH PARTITION public.idx_event_2025_kind",
    ),
    ("DROP INDEX IF EXISTS public.idx_event_kind",),
)
DROPPED = recommendation(
    6,
    "index.unused",
    "Drop shop_order_note: no plan reads it",
    Subject("public", "shop_order", ("note",), "shop_order_note"),
    ("DROP INDEX CONCURRENTLY IF EXISTS public.shop_order_note",),
    ("CREATE INDEX CONCURRENTLY shop_order_note ON public.shop_order USING btree (note)",),
    "low",
)
STATISTICS = recommendation(
    7,
    "statistics.correlated",
    "Statistics of shop_order (customer_id, status) together",
    Subject("public", "shop_order", ("customer_id", "status")),
    (
        "CREATE STATISTICS public.stats_shop_order (mcv) ON customer_id, status FROM public.shop_order",
        "ANALYZE public.shop_order",
    ),
    ("DROP STATISTICS IF EXISTS public.stats_shop_order",),
)
MAINTENANCE = recommendation(
    8,
    "index.bloated",
    "Rebuild shop_order_pkey",
    Subject("public", "shop_order", ("id",), "shop_order_pkey"),
    ("REINDEX INDEX CONCURRENTLY public.shop_order_pkey",),
    (),
)

ALL = (PLAIN, SIMPLE, EXPRESSION, QUOTED, PARTITIONED, DROPPED, STATISTICS, MAINTENANCE)
TARGET = Target("postgres", "18.0", "shop", "shadow (Postgres 18.0)", "2025-01-31T12:34:56.789+00:00", "proven")


def report(*recommendations: Recommendation, dialect: str = "postgres") -> Report:
    return replace(EMPTY, target=replace(TARGET, dialect=dialect), recommendations=recommendations or ALL)


INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), i.indisvalid,
           (SELECT inhparent::regclass::text FROM pg_inherits WHERE inhrelid = i.indexrelid)
    FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relname IN ('shop_order', 'event', 'event_2024', 'event_2025', 'Order "X" Line')
    UNION ALL
    SELECT stxname, pg_get_statisticsobjdef(oid), true, NULL FROM pg_statistic_ext
    ORDER BY 1
"""
"""Everything that the report changes, as the server tells it."""
