"""Which plans of which statements are worth knowing: first the best plan of each, with all its candidates there.

What else there is to know is asked for where sets within the budget count on it (``optimising``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from dbtune.candidates.registry import Candidate
from dbtune.model.access import StatementFacts
from dbtune.model.names import QualifiedName
from dbtune.model.progress import Progress
from dbtune.model.schema import Index
from dbtune.planner.gate import PlannedStatement
from dbtune.select.model import Model
from dbtune.select.plan_space import PlanSpace
from dbtune.select.prices import Prices
from dbtune.select.scale import Scale

Late = Callable[[], bool]


def explored(
    candidates: Sequence[Candidate],
    prices: Prices,
    late: Late,
    progress: Progress,
    known: Model | None = None,
) -> Model:
    """The plan spaces of all statements; what ``known`` holds of the same statements is taken over."""
    spaces = {name: PlanSpace(name, pool, prices) for name, pool in pools(candidates, prices).items()}
    if known is not None:
        for name, space in known.spaces.items():
            spaces[name].take_over(space.plans)
    ordered = sorted(spaces.values(), key=lambda space: (-space.today, space.fingerprint))
    asked = [space for space in ordered if space.regions]

    def explore(space: PlanSpace) -> None:
        if not late():
            space.explore(space.regions[0])

    for number, _ in enumerate(prices.gate.crew.each(explore, asked)):
        progress.step("asking the planner about candidates", number, len(asked))
    return Model(spaces, prices)


def pools(candidates: Sequence[Candidate], prices: Prices) -> dict[str, list[Index]]:
    """By statement: the candidates that may matter to it. None for a statement that is cheap as it is."""
    own: dict[str, list[Index]] = {}
    of_table: dict[object, list[Index]] = {}
    for candidate in candidates:
        of_table.setdefault(candidate.index.table, []).append(candidate.index)
        for fingerprint in candidate.fingerprints:
            own.setdefault(fingerprint, []).append(candidate.index)
    return {
        name: _pool(planned, own.get(name, []), of_table, prices.scale)
        if prices.weighted(name, frozenset()).cost > prices.scale.cheap * planned.calls
        else []
        for name, planned in prices.statements.items()
    }


def _pool(
    planned: PlannedStatement, own: list[Index], of_table: Mapping[object, list[Index]], scale: Scale
) -> list[Index]:
    facts = planned.facts
    tables = sorted(facts.tables) if facts.parsed and not facts.unresolved else []
    conditions = {index.predicate for index in own} | {None}  # a partial index serves statements that say the same
    whole = [
        index
        for table in tables
        for index in of_table.get(table, ())
        if index.predicate in conditions and may_serve(index, facts)
    ]
    found = list(dict.fromkeys([*own, *whole]))
    if len(whole) > scale.pool:
        heads = {_head(index) for index in own}
        alike = (index for index in whole if _head(index) in heads)
        found = list(dict.fromkeys([*own, *alike]))[: scale.pool]
    return _some_of_each_table(found, scale.pool_of_table)


def _some_of_each_table(indexes: Iterable[Index], most: int) -> list[Index]:
    """The first ``most`` of each table."""
    counts: Counter[QualifiedName] = Counter()
    found: list[Index] = []
    for index in indexes:
        counts[index.table] += 1
        if counts[index.table] <= most:
            found.append(index)
    return found


def may_serve(index: Index, facts: StatementFacts) -> bool:
    """Whether the index begins with what the statement reads of its table, or holds all of it; others only cost
    planning time."""
    keys = {key.column for key in index.keys}
    return any(
        use.all_columns
        or index.keys[0].column is None
        or index.keys[0].column in use.columns
        # one that holds all columns read is a smaller table
        or use.columns <= keys | set(index.include)
        for use in facts.uses
        if use.table == index.table
    )


def _head(index: Index) -> tuple[object, ...]:
    return (index.table, index.method, index.keys[0].column, index.keys[0].expression)
