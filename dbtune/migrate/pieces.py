"""Migrations for tools that send a file to the server in one message: what stands alone gets a file of its own.

Several statements in one message are one transaction (PostgreSQL manual, "Message Flow", Multiple Statements in a
Simple Query), and a concurrent build refuses to run in one. So the settings stand in a first file, the checks in a
last one, and each build or drop in one between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from dbtune.ddl import session
from dbtune.migrate.migration import Migration, Step
from dbtune.migrate.rendering import LIMITS_ARE_SET

TO_FIRST = "dbtune_begin"
TO_LAST = "dbtune_end"
SETTINGS = "Settings for the files that follow, in the same run"
LEFTOVERS = "leftovers of builds that broke off go"
VALID = "The indexes have to be valid"
AS_BEFORE = "settings as they were"


@dataclass(frozen=True)
class Piece:
    """One file: statements up, statements down, and whether one of either must be alone, outside a transaction."""

    name: str
    comments: tuple[str, ...]
    up: tuple[str, ...]
    down: tuple[str, ...]
    up_alone: bool = False
    down_alone: bool = False


def pieces(migrations: Sequence[Migration]) -> tuple[Piece, ...]:
    """The files of all the migrations, in order."""
    middle = tuple(piece for one in migrations for piece in _middle(one))
    before_up, after_up = _around([one.up.before for one in migrations]), _around([one.up.after for one in migrations])
    before_down = _around([one.down.before for one in reversed(migrations)])
    after_down = _around([one.down.after for one in reversed(migrations)])
    begins = (SETTINGS, LEFTOVERS) if _does_more_than_set(before_up) else (SETTINGS,)
    ends = (VALID, AS_BEFORE) if _does_more_than_set(after_up) else (AS_BEFORE.capitalize(),)
    first = Piece(TO_FIRST, (f"{'; '.join(begins)}.",), before_up, after_down)
    last = Piece(TO_LAST, (f"{'; '.join(ends)}.",), after_up, before_down)
    return tuple(piece for piece in (first, *middle, last) if piece.up or piece.down)


def _around(statements: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Each statement once; what is set back comes last."""
    each = list(dict.fromkeys(sql for some in statements for sql in some))
    return tuple(sorted(each, key=lambda sql: (not sql.startswith("SET"), sql.startswith("RESET"))))


def _does_more_than_set(statements: Sequence[str]) -> bool:
    return not all(sql.startswith(("SET ", "RESET ")) for sql in statements)


def _middle(one: Migration) -> Iterator[Piece]:
    ups, downs = list(_runs(one.up.steps)), list(_runs(one.down.steps))[::-1]
    # what is undone last was done first
    count = max(len(ups), len(downs))
    has_limits = {*session.WITHOUT_LIMITS} & {*one.up.before, *one.down.before}
    limits = (LIMITS_ARE_SET,) if has_limits else ()
    for number, (up, down) in enumerate(zip_longest(ups, downs, fillvalue=()), 1):
        part = f" ({number} of {count})" if count > 1 else ""
        yield Piece(
            one.name if count == 1 else f"{one.name}_{number}",
            (one.comments[0] + part, *one.comments[1:], *limits),
            tuple(step.sql for step in up),
            tuple(step.sql for step in down),
            any(step.alone for step in up),
            any(step.alone for step in down),
        )


def _runs(steps: Sequence[Step]) -> Iterator[tuple[Step, ...]]:
    """Steps that can share a transaction together, the others one by one."""
    run: list[Step] = []
    for step in steps:
        if step.alone:
            if run:
                yield tuple(run)
            run = []
            yield (step,)
        else:
            run.append(step)
    if run:
        yield tuple(run)
