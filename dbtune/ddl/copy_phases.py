"""The phases of a way that copies rows: made empty, kept up to date, filled, exchanged, and the former one dropped."""

from __future__ import annotations

from dataclasses import dataclass

from dbtune.ddl.conversion import analyzed, scan_words, table_size
from dbtune.ddl.conversion_plan import Conversion
from dbtune.ddl.mirroring import copied
from dbtune.ddl.session import SHORT_LOCK_TIMEOUT
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Phase


@dataclass(frozen=True)
class Copying:
    """What is copied, and the statements around it."""

    source: QualifiedName
    """The table that the rows are copied from, by its name before the exchange."""
    prepare: tuple[str, ...]
    unprepare: tuple[str, ...]
    switch: tuple[str, ...]
    switch_back: tuple[str, ...]
    finish: tuple[str, ...]
    parts: int
    exchange: str
    """What the switch does, for people."""
    written_twice: str
    """Which writes cost twice meanwhile, for people."""
    prefix: str = ""
    """Of the phases' names."""
    optional: bool = False
    """Whether there are partitions already."""


def copy_phases(plan: Conversion, way: Copying) -> tuple[Phase, ...]:
    """From the empty partitions to the last phase, which has no way back."""
    moment = f"ACCESS EXCLUSIVE on the table, refused after {SHORT_LOCK_TIMEOUT} of waiting (then run it again)"
    return (
        Phase(
            f"{way.prefix}prepare",
            f"Make {way.parts} empty partitions beside {way.source}, and a trigger that keeps them up to date",
            way.prepare,
            way.unprepare,
            transaction=True,
            lock="SHARE ROW EXCLUSIVE on the table for a moment: writers wait",
            duration="milliseconds",
            risk=f"{way.written_twice} is made twice until the last phase.",
            optional=way.optional,
        ),
        Phase(
            f"{way.prefix}copy",
            "Copy the rows in batches",
            tuple(copied(plan, way.source)),
            lock="FOR SHARE on the rows of a batch, for a tenth of a second: their writers wait",
            duration=f"{scan_words(2 * table_size(plan.table))} and as much again to write",
            risk="It takes as much space again as the table and its indexes. It may be broken off and run again.",
            optional=way.optional,
        ),
        Phase(
            f"{way.prefix}switch",
            way.exchange,
            way.switch,
            way.switch_back,
            transaction=True,
            lock=moment,
            duration=f"some ms for each of {way.parts} partitions",
            optional=way.optional,
        ),
        analyzed(plan, f"{way.prefix}analyze", optional=way.optional),
        Phase(
            "finish",
            f"Drop {plan.history}, which nothing reads any more",
            way.finish,
            transaction=True,
            lock=moment,
            duration="milliseconds",
            risk="There is no way back from it but a new conversion.",
            optional=True,
            final=True,
        ),
    )
