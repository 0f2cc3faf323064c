"""What a report builds and drops, read from its SQL."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbtune.model.recommendation import Change, Report
from dbtune.verify.postgres_builds import Made, builds_of, drops_of
from tests.report.samples import EMPTY, MISSING, UNUSED, USUAL


def with_sql(*up: str) -> Report:
    return replace(EMPTY, recommendations=(replace(MISSING, sql=Change(up)),))


def test_what_the_usual_report_builds_and_drops() -> None:
    (build,) = builds_of(USUAL)
    assert build.made == (Made("INDEX", "public.orders_customer_created_idx"),)
    assert build.statements == (
        "CREATE INDEX orders_customer_created_idx ON public.orders (customer_id, created_at DESC)",
    )
    assert drops_of(USUAL) == ("DROP INDEX IF EXISTS public.items_note_idx",)
    assert builds_of(EMPTY) == () and drops_of(EMPTY) == ()
    assert builds_of(replace(EMPTY, recommendations=(UNUSED,))) == ()


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        ('CREATE UNIQUE INDEX CONCURRENTLY "My ""Index" ON "S".orders USING gin (a)', '"S"."My ""Index"'),
        ("CREATE INDEX IF NOT EXISTS i ON ONLY public.parts (a)", "public.i"),
        ("CREATE STATISTICS public.orders_a_b (dependencies) ON a, b FROM public.orders", "public.orders_a_b"),
    ],
)
def test_names_are_read_as_they_are_quoted(sql: str, name: str) -> None:
    ((made,),) = [build.made for build in builds_of(with_sql(sql))]
    assert made.name == name
    assert made.drop == f"DROP {made.kind} IF EXISTS {name}"


def test_all_parts_of_a_partitioned_index_are_made_without_concurrently() -> None:
    (build,) = builds_of(
        with_sql(
            "CREATE INDEX i ON ONLY public.t (a)",
            "CREATE INDEX CONCURRENTLY i_1 ON public.t_1 (a)",
            "ALTER INDEX public.i ATTACH PARTITION public.i_1",
            "ANALYZE public.t",
        )
    )
    assert [one.name for one in build.made] == ["public.i", "public.i_1"]
    assert build.statements[1] == "CREATE INDEX i_1 ON public.t_1 (a)"
    assert len(build.statements) == 4
