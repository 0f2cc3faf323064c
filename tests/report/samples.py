"""Hand-made reports: a usual one, an empty one, and one whose every text tries to break out of the output."""

from __future__ import annotations

from dataclasses import replace

from dbtune.model.location import SourceLocation
from dbtune.model.migration import MigrationStep, StepLock, StepWay
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import (
    Aside,
    Change,
    Evidence,
    Frontier,
    FrontierPoint,
    Phase,
    Recommendation,
    Report,
    SkippedStatement,
    StatementEvidence,
    StatementSummary,
    Subject,
    Summary,
    Target,
    WorkloadSummary,
    phased,
)
from dbtune.model.risk import PlanRisk
from dbtune.model.workload import Limit, WorkloadSource

TARGET = Target("postgres", "15.8", "shop", "shadow (Postgres 15.8)", "2025-01-31T12:34:56+00:00", "proven")

ORDERS = "SELECT * FROM orders WHERE customer_id = $1 AND status = $2 ORDER BY created_at DESC LIMIT $3"
ITEMS = "SELECT product_id, sum(quantity) FROM items JOIN orders ON orders.id = items.order_id WHERE customer_id = $1"

SAFE = PlanRisk("safe", "holds until 40 times more rows of orders than estimated", 40.0, ("orders",))
RISKY = PlanRisk(
    "risky", "loses from 2% more rows of items ⋈ orders than estimated (a join)", 1.02, ("items", "orders")
)

MISSING = Recommendation(
    id="1f0c5a7b9d3e2468",
    rule="index.missing",
    group="index",
    severity="high",
    title="Index orders (customer_id, created_at DESC)",
    object=Subject("public", "orders", ("customer_id", "created_at"), "orders_customer_created_idx"),
    reason="5 statements look for a customer's orders and read all 1,200,000 rows of orders to find 12 of them.",
    evidence=Evidence(
        confidence="proven",
        planner="shadow (Postgres 15.8)",
        cost_before=12_345_678.9,
        cost_after=2_345_678.9,
        gain=0.81,
        bytes=37_748_736,
        write_cost=1234.5,
        statements=(
            StatementEvidence("a1" * 8, 120_000, 98.25, 0.56, ORDERS, 5_400_000.0, SAFE),
            StatementEvidence("b2" * 8, 300, 45_678.0, 45_001.0, ITEMS, 90_000.0, RISKY),
            StatementEvidence("c3" * 8, 10, 12_000.0, 12.0, "DELETE FROM orders WHERE customer_id = $1"),
            StatementEvidence("d4" * 8, 1, 9_000.0, 9_000.0, "SELECT count(*) FROM orders"),
        ),
    ),
    sql=Change(
        ("CREATE INDEX CONCURRENTLY orders_customer_created_idx ON public.orders (customer_id, created_at DESC)",),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.orders_customer_created_idx",),
    ),
    risk="each INSERT into orders keeps one more index up to date",
    docs="https://dbtune.readthedocs.io/rules/index.missing/",
)

UNUSED = Recommendation(
    id="0f0f0f0f0f0f0f0f",
    rule="index.unused",
    group="index",
    severity="low",
    title="Drop unused index items_note_idx",
    object=Subject("public", "items", ("note",), "items_note_idx"),
    reason="No scan since 2024-11-01, and no plan of the workload reads it.",
    evidence=Evidence(confidence="heuristic", bytes=52_428_800, write_cost=-880.0, gain=0.0),
    sql=Change(
        ("DROP INDEX CONCURRENTLY IF EXISTS public.items_note_idx",),
        ("CREATE INDEX CONCURRENTLY items_note_idx ON public.items USING btree (note)",),
    ),
    risk="a yearly job may read it",
)

ADVICE_WITHOUT_SQL = Recommendation(
    id="aaaabbbbccccdddd",
    rule="index.bloated",
    group="index",
    severity="info",
    title="Index items_pkey is twice as large as its rows need",
    object=Subject("public", "items", ("id",), "items_pkey"),
    reason="It takes 90 MiB where 45 MiB would do.",
    evidence=Evidence(confidence="estimated"),
)

FRONTIER = Frontier(
    (
        FrontierPoint(0, 12_345_678.9, 0),
        FrontierPoint(8_388_608, 6_000_000.0, 1),
        FrontierPoint(37_748_736, 2_345_678.9, 2, is_chosen=True),
        FrontierPoint(150_000_000, 2_000_000.0, 5),
    ),
    budget_bytes=67_108_864,
    candidates=41,
    cost=2_345_678.9,
    bound=2_300_000.0,
)

USUAL = Report(
    dbtune="0.1.0",
    target=TARGET,
    workload=WorkloadSummary(
        statements=29,
        calls=1_204_331,
        total_ms=11_520_000.0,
        sources=(
            WorkloadSource("pg_stat_statements", "pg_stat_statements", 27, 1_204_321, "2025-01-01T00:00:00+00:00"),
            WorkloadSource("sql", "queries.sql", 2, 10),
        ),
        skipped=(SkippedStatement("e5" * 8, 'relation "legacy" does not exist', "SELECT * FROM legacy WHERE id = $1"),),
        top=(
            StatementSummary("a1" * 8, ORDERS, 120_000, 5_400_000.0, 98.25, 0.56, SAFE),
            StatementSummary("b2" * 8, ITEMS, 300, 90_000.0, 45_678.0, 45_001.0, RISKY),
        ),
        changed=(
            StatementSummary("a1" * 8, ORDERS, 120_000, 5_400_000.0, 98.25, 0.56, SAFE),
            StatementSummary("b2" * 8, ITEMS, 300, 90_000.0, 45_678.0, 45_001.0, RISKY),
        ),
    ),
    summary=Summary(12_345_678.9, 2_345_678.9, 37_748_736, 52_428_800, 1234, 5678, FRONTIER),
    recommendations=(MISSING, UNUSED, ADVICE_WITHOUT_SQL),
    limits=(Limit("extended statistics items_stats", "its values cannot be restored on Postgres 18"),),
)

IN_PHASES = Recommendation(
    id="abcdef0123456789",
    rule="partition.missing",
    group="partition",
    severity="high",
    title="Partition orders by month of created_at",
    object=Subject("public", "orders", ("created_at",)),
    reason="Statements with 91% of the cost on it leave most of 84 partitions alone.",
    evidence=Evidence(
        confidence="proven",
        gain=0.4,
        statements=(StatementEvidence("a1" * 8, 120_000, 98.25, 12.5, ORDERS, 5_400_000.0),),
    ),
    sql=phased(
        (
            Phase(
                "check",
                "Say that all rows come before 2026-01-01",
                ("ALTER TABLE public.orders ADD CONSTRAINT c CHECK (created_at < '2026-01-01') NOT VALID",),
                ("ALTER TABLE public.orders DROP CONSTRAINT c",),
                lock="ACCESS EXCLUSIVE for a moment",
                duration="milliseconds",
                risk="Later rows are refused.",
            ),
            Phase(
                "swap",
                "Put the partitioned table in its place",
                ("ALTER TABLE public.orders RENAME TO orders_history", "DO $x$\nBEGIN\n  NULL;\nEND\n$x$"),
                ("ALTER TABLE public.orders_history RENAME TO orders",),
                transaction=True,
            ),
            Phase("finish", "Drop what is left", ("DROP TABLE public.orders_history",), optional=True, final=True),
        ),
        (Aside("pg_partman 5", "SELECT 1;\n-- every hour"),),
    ),
    risk="partitions must be made ahead of time",
    docs="https://dbtune.readthedocs.io/rules/partition.missing/",
)

PHASED = replace(USUAL, recommendations=(MISSING, IN_PHASES))

CHECKED = Report(
    dbtune="0.1.0",
    target=TARGET,
    workload=WorkloadSummary(
        statements=2,
        calls=50_040,
        total_ms=None,
        changed=(
            StatementSummary("a1" * 8, "SELECT * FROM orders WHERE customer_id = $1", 50_000, None, 24.0, 14_138.0),
            StatementSummary("b2" * 8, "SELECT id FROM orders WHERE code = $1", 40, None, 15_878.0, 4.44),
        ),
    ),
    summary=Summary(1_835_120.0, 706_900_177.6, 50_000_000, 11_000_000),
    recommendations=(
        Recommendation(
            id="c3" * 8,
            rule="migration.needed-index",
            group="migration",
            severity="high",
            title="index orders_customer is dropped, and 1 statement needs it",
            object=Subject("public", "orders", ("customer_id",), "orders_customer"),
            reason="Without it this becomes dearer. Keep the index.",
            evidence=Evidence(
                "proven",
                gain=-384.2,
                statements=(
                    StatementEvidence("a1" * 8, 50_000, 24.0, 14_138.0, "SELECT * FROM orders WHERE customer_id = $1"),
                ),
            ),
            sql=Change(down=("CREATE INDEX orders_customer ON public.orders USING btree (customer_id)",)),
            location=SourceLocation("migrations/017.sql", 3),
        ),
        Recommendation(
            id="d4" * 8,
            rule="migration.lock-timeout",
            group="migration",
            severity="low",
            title="ALTER TABLE … ADD COLUMN may wait for its lock on orders without limit",
            object=Subject("public", "orders"),
            reason="It asks for ACCESS EXCLUSIVE.",
            evidence=Evidence("proven"),
            sql=Change(up=("SET lock_timeout = '2s'",)),
            location=SourceLocation("migrations/018 odd.sql", 12),
        ),
    ),
    limits=(Limit("migrations/018 odd.sql:14", "refused on a copy of the schema: relation exists"),),
    checked=("migrations/017.sql", "migrations/018 odd.sql"),
    migration=(
        MigrationStep(
            SourceLocation("migrations/017.sql", 3),
            "drop index orders_customer",
            (StepLock("public", "orders", "ACCESS EXCLUSIVE", 1_000_000.0, 79_000_000, 50_040),),
        ),
        MigrationStep(
            SourceLocation("migrations/018 odd.sql", 12),
            "alter table shop.lines alter column product type bigint",
            (StepLock("shop", "lines", "ACCESS EXCLUSIVE", None, 0, 0),),
            rewrites=(QualifiedName("shop", "lines"),),
            scans=(QualifiedName("public", "orders"),),
        ),
        MigrationStep(
            SourceLocation("migrations/018 odd.sql", 14),
            "create table orders(id int)",
            note="refused on a copy of the schema: relation exists",
        ),
        MigrationStep(
            SourceLocation("migrations/019 of mysql.sql", 2),
            "alter table orders modify total decimal(?, ?)",
            way=StepWay("shop", "orders", "COPY", "SHARED", 1_000_000.0, 79_000_000, 50_040),
        ),
        MigrationStep(
            SourceLocation("migrations/019 of mysql.sql", 3),
            "alter table orders add column note text",
            way=StepWay("shop", "orders", "INSTANT", "", None, 0, 0),
        ),
    ),
)

EMPTY = Report(
    dbtune="0.1.0",
    target=TARGET,
    workload=WorkloadSummary(statements=0, calls=0, total_ms=None),
    summary=Summary(0.0, 0.0, 0, 0),
)

HOSTILE_TEXT = (
    "\x1b[31mred\x1b[0m\x07 \x9b2J [bold]x[/bold] <script>alert(1)</script> @octocat `a` |\n; DROP TABLE t; -- \u202e"
)

HOSTILE = Report(
    dbtune="0.1.0",
    target=Target("postgres", HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT),
    workload=WorkloadSummary(
        statements=1,
        calls=1,
        total_ms=0.5,
        sources=(WorkloadSource("sql", HOSTILE_TEXT, 1, 1, HOSTILE_TEXT),),
        skipped=(SkippedStatement(HOSTILE_TEXT, HOSTILE_TEXT, HOSTILE_TEXT),),
        top=(StatementSummary("a1" * 8, HOSTILE_TEXT, 1, None, 10.0, 5.0),),
        changed=(StatementSummary("a1" * 8, HOSTILE_TEXT, 1, None, 10.0, 5.0, PlanRisk("risky", HOSTILE_TEXT, 2.0)),),
    ),
    summary=Summary(10.0, 5.0, 0, 0),
    recommendations=(
        Recommendation(
            id="x",
            rule="index.missing",
            group="index",
            severity="high",
            title=HOSTILE_TEXT,
            object=Subject("public", "t"),
            reason=HOSTILE_TEXT,
            evidence=Evidence("proven", gain=0.5, statements=(StatementEvidence("a", 1, 2.0, 1.0, HOSTILE_TEXT),)),
            sql=Change(("SELECT 1",), ("SELECT 2\n; SELECT 3",)),
            risk=HOSTILE_TEXT,
            docs=HOSTILE_TEXT,
            location=SourceLocation(HOSTILE_TEXT, 1),
        ),
    ),
    limits=(Limit(HOSTILE_TEXT, HOSTILE_TEXT),),
    checked=(HOSTILE_TEXT,),
    migration=(
        MigrationStep(
            SourceLocation(HOSTILE_TEXT, 1),
            HOSTILE_TEXT,
            (StepLock(HOSTILE_TEXT, HOSTILE_TEXT, "SHARE", 1.0, 1, 1.0),),
            rewrites=(QualifiedName(HOSTILE_TEXT, HOSTILE_TEXT),),
            note=HOSTILE_TEXT,
            way=StepWay(HOSTILE_TEXT, HOSTILE_TEXT, "COPY", "EXCLUSIVE", 1.0, 1, 1.0),
        ),
    ),
)
