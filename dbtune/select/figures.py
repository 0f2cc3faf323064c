"""The chosen set with its figures: what each index adds to those before it, statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbtune.model.plan import EMPTY_CONFIGURATION, Configuration
from dbtune.model.recommendation import Frontier, StatementEvidence
from dbtune.model.schema import Index
from dbtune.planner.gate import PlannedStatement
from dbtune.select.greedy import Growth
from dbtune.select.model import Model
from dbtune.select.plan_space import NOTHING, Package
from dbtune.select.prices import Prices
from dbtune.select.selection import Chosen, Selection
from dbtune.select.standing import CHANGED

Costs = Mapping[str, float]


def selection(model: Model, kinds: Mapping[Index, str], whole: Package, frontier: Frontier) -> Selection:
    """The set, in the order in which each index adds the most to those before it."""
    prices, readers = model.prices, model.readers()
    if prices.scale.may_be_dearer:
        readers = _with_dearer(model, readers, whole)
    configuration = EMPTY_CONFIGURATION
    costs = {name: prices.answer(name, configuration).cost for name in prices.statements}
    first = total = sum(planned.calls * costs[name] for name, planned in prices.statements.items())
    chosen: list[Chosen] = []
    for index in _in_order(model, whole):
        with_it = configuration.with_index(index)
        # only statements of which a plan is known that reads it
        after = {name: prices.answer(name, with_it).cost for name in readers.get(index, ())}
        one = _chosen(prices, index, kinds.get(index, "btree"), configuration, total, costs, after)
        chosen.append(one)
        configuration, total = with_it, one.cost_after
        costs |= after
    return Selection(tuple(chosen), Configuration(whole), first, total, frontier)


def _with_dearer(
    model: Model, readers: Mapping[Index, tuple[str, ...]], whole: Package
) -> Mapping[Index, tuple[str, ...]]:
    """The readers, with statements that an index makes dearer, or that did not have it in their pool: no plan of theirs
    with it is kept."""
    found = {index: dict.fromkeys(readers.get(index, ())) for index in whole}
    for name in model.spaces:
        for index in model.prices.weighted(name, whole).used:
            found[index][name] = None
    return {**readers, **{index: tuple(names) for index, names in found.items()}}


def _in_order(model: Model, whole: Package) -> Iterator[Index]:
    """By the known plans: the one that gains most, then the one that gains most beside it, and so on."""
    readers = model.readers()
    growth = Growth(model, readers, NOTHING)
    gains = {index: growth.gain(frozenset({index})) for index in whole}
    while gains:
        best = min(gains, key=lambda index: (-gains[index], index.name))
        yield best
        del gains[best]
        growth.take(frozenset({best}))
        touched = set(readers.get(best, ()))
        for index in gains:
            if touched.intersection(readers.get(index, ())):
                gains[index] = growth.gain(frozenset({index}))


def _chosen(
    prices: Prices,
    index: Index,
    kind: str,
    beside: Configuration,
    total: float,
    before: Costs,
    after: Costs,
) -> Chosen:
    changed = [name for name in after if abs(before[name] - after[name]) > CHANGED * before[name]]
    evidence = [_evidence(prices.statements[name], before[name], after[name]) for name in changed]
    evidence.sort(key=lambda e: (-e.saved, e.fingerprint))
    saved = sum(prices.statements[name].calls * (before[name] - after[name]) for name in after)
    return Chosen(
        index,
        kind,
        beside,
        total,
        total - saved,
        prices.size(index),
        prices.write_cost(index),
        tuple(evidence),
    )


def _evidence(planned: PlannedStatement, before: float, after: float) -> StatementEvidence:
    """Of one statement; costs for one call, text without literals."""
    statement = planned.statement
    return StatementEvidence(planned.fingerprint, planned.calls, before, after, statement.text, statement.total_ms)
