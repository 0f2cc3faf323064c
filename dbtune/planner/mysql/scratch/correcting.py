"""Costs of a plan made on a sample, put right for production's numbers of rows.

All that comes from statistics is of production's size already. What does not is the index dive: before it takes a
range, or looks constants up, the optimiser counts the entries that are there, and on the scratch server there is one
for every ``scale`` of production's. So the rows of such an access are multiplied by that, and with them all cost that
comes after it in the join.

A dive counts the entries of ten leaf pages and no more. Beyond that it goes by the number of pages, multiplies by two
(in trees of more than one level) and believes in half of the table at most. MySQL and MariaDB do that alike.

Sources: ``handler::multi_range_read_info_const`` in ``sql/handler.cc``, ``btr_estimate_n_rows_in_range`` in
``storage/innobase/btr/btr0cur.cc``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from statistics import NormalDist

from dbtune.model.names import QualifiedName
from dbtune.model.plan import Plan, PlanNode
from dbtune.planner.mysql.scratch.figures import SampledTable

FEW = 10.0
"""Sampled rows in a range below which their number says little."""

COUNTED_PAGES = 10.0
"""Leaf pages that a dive counts all entries of (N_PAGES_READ_LIMIT)."""
UNSURE = 0.05
"""Share of its pages (standard deviation) by which a range is longer or shorter than predicted, as pages are filled."""

STEPS = 4
"""Places within a page that a range is taken to begin at."""

GUESSED_RANGE = 1 / 9
"""COND_FILTER_BETWEEN."""
PRIOR_SHAPE = 2.0
"""How alike the values of an index are in their numbers of rows: standard deviation = mean / sqrt(shape)."""

_DIVING = frozenset({"range", "index_merge", "ref_or_null"})
_EQUALITIES = frozenset({"ref", "ref_or_null"})

Counted = tuple[str, QualifiedName, str]
"""Where entries were counted: a table by alias and name, and one of its indexes."""
Spread = Callable[[PlanNode, SampledTable], float | None]
"""Rows in the sample that fit a range over several columns, were these independent of one another; None: not known."""
RareRows = Callable[[QualifiedName, str, int], float | None]
"""Rows in the sample to be expected of a value that one of its rows or none has, in an index's leading columns."""
MeanRows = Callable[[QualifiedName, str, int], float | None]
"""Entries in production that an index has on average for a value of so many leading columns; None: not known."""


@dataclass(frozen=True)
class LeafPages:
    """Of one index: in production, and on the scratch server."""

    production: float
    sampled: float


@dataclass(frozen=True)
class Entries:
    """Of an index, in a range or with a value, in production."""

    number: float
    dived: bool
    """Whether it is the optimiser's own estimate, and not a count."""


Exact = Callable[[PlanNode, float], Entries | None]
"""What production itself says of the entries that a node reads, of which the sample has so many; None: it was not
asked, or does not say."""


def unasked(_: PlanNode, __: float) -> Entries | None:
    """Where production is not asked."""
    return None


@dataclass
class Correction:
    """What was done to one plan."""

    plan: Plan
    indexes: frozenset[tuple[QualifiedName, str]] = frozenset()
    """Those whose ranges were counted on a sample, and look cheaper on the scratch server than they are."""
    tables: int = 0
    """Accesses that were corrected."""
    few: bool = False
    """Whether one of them had fewer than FEW sampled rows."""
    found: Mapping[Counted, float] = field(default_factory=dict)
    """Rows that are left of a table, by its alias and the index whose entries were counted for that."""
    joined_cost: float = 0.0
    """By which the optimiser chooses the order of a join: of all rows, also where LIMIT wants few."""

    def is_before(self, other: Correction) -> bool:
        """Whether production's optimiser takes this plan rather than the other one."""
        if self.plan.cost >= other.plan.cost:
            return False
        return _order(self.plan) == _order(other.plan) or self.joined_cost < other.joined_cost


@dataclass
class _State:
    indexes: set[tuple[QualifiedName, str]] = field(default_factory=set)
    tables: int = 0
    few: bool = False
    found: dict[Counted, float] = field(default_factory=dict)
    known: Mapping[str, float] = field(default_factory=dict)
    exact: Exact = unasked


class Corrector:
    """Corrects plans made on these tables."""

    def __init__(
        self,
        tables: dict[QualifiedName, SampledTable],
        mean: MeanRows,
        rare: RareRows,
        spread: Spread,
        first_column: Callable[[QualifiedName, str], str | None],
        leaf_pages: Callable[[QualifiedName, str], LeafPages | None],
        *,
        fixed_rows: float,
        fixed_rows_of_lookup: float,
        counts_partitions: bool = False,
    ) -> None:
        """``fixed_rows``: what beginning a range costs, in rows read; ``fixed_rows_of_lookup``: a lookup (``ref``).
        ``counts_partitions``: of a table in partitions the server takes the rows that are here, and not those of the
        statistics."""
        self._counts_partitions = counts_partitions
        self._tables = tables
        self._mean = mean
        self._rare = rare
        self._spread = spread
        self._first_column = first_column
        self._leaf_pages = leaf_pages
        self._fixed = fixed_rows
        self._fixed_of_lookup = fixed_rows_of_lookup

    def correct(self, plan: Plan, known: Mapping[str, float] | None = None, exact: Exact = unasked) -> Correction:
        """The plan with production's rows and costs.

        ``known``: by alias, rows that are left of a table by the entries of an index which was hidden from this plan,
        though production's optimiser sees it: it counts with these rows however it reads the table.
        """
        state = _State(known=known or {}, exact=exact)
        root, _ = self._node(plan.root, state)
        return Correction(replace(plan, root=root), frozenset(state.indexes), state.tables, state.few, state.found)

    def _node(self, node: PlanNode, state: _State) -> tuple[PlanNode, float]:
        """The node and by what its rows were multiplied."""
        if node.type in ("Nested Loop", "Hash Join") and len(node.children) >= 2:
            return self._join(node, state)
        if node.relation is not None and node.access is not None:
            return self._scan(node, state)
        return self._above(node, state)

    def _join(self, node: PlanNode, state: _State) -> tuple[PlanNode, float]:
        left, right, *beside = node.children
        new_left, before = self._node(left, state)
        new_right, after = self._node(right, state)
        others = tuple(self._node(child, state)[0] for child in beside)
        added = max(0.0, node.total_cost - left.total_cost)
        # of what a loose scan reads, each value goes on once: what comes out does not grow with it
        factor = after if left.strategy is not None and "oose scan" in left.strategy else before * after
        made = _materialized(right)
        if made is not None:
            new_made = next(child for child in new_right.children if child.parent_relationship == "Subquery")
            cost = new_left.total_cost + _with_materialized(added, left, made, new_made, before)
        elif node.type == "Hash Join" or node.strategy == "Block":
            # the inner table is read once; the rest of the cost grows with the pairs of rows
            once = min(added, _scanned(right))
            cost = new_left.total_cost + once * after + (added - once) * factor
        else:
            cost = new_left.total_cost + added * before * _ratio(new_right.total_cost, right.total_cost)
        rows = node.rows * factor
        corrected = replace(node, children=(new_left, new_right, *others), total_cost=cost, rows=rows)
        return corrected, factor

    def _above(self, node: PlanNode, state: _State) -> tuple[PlanNode, float]:
        if not node.children:
            return node, 1.0
        pairs = [self._node(child, state) for child in node.children]
        children = tuple(child for child, _ in pairs)
        below = [
            (old, new, factor)
            for old, (new, factor) in zip(node.children, pairs, strict=True)
            if new.parent_relationship not in ("SubPlan", "InitPlan", "Subquery")
        ]
        old_cost = sum(old.total_cost for old, _, _ in below)
        own = max(0.0, node.total_cost - old_cost)
        factor = max((factor for _, _, factor in below), default=1.0)
        cost = sum(new.total_cost for _, new, _ in below) + own * factor if below else node.total_cost
        if below and node.total_cost < old_cost:  # it reads only a part, as LIMIT does
            cost = node.total_cost * _ratio(cost, old_cost)
        return replace(node, children=children, total_cost=cost, rows=node.rows * factor), factor

    def _scan(self, node: PlanNode, state: _State) -> tuple[PlanNode, float]:
        children = tuple(
            self._node(child, state)[0] if child.type not in ("BitmapAnd", "BitmapOr", "Bitmap Index Scan") else child
            for child in node.children
        )
        node = replace(node, children=children)
        assert node.relation is not None
        sampled = self._tables.get(node.relation)
        if sampled is None or (sampled.scale <= 1.001 and sampled.drawn):
            return node, 1.0
        known = state.known.get(node.alias or "")
        if known is not None and node.access in ("ALL", "index") and node.rows > 0 and not self._is_of_sample(node):
            rows = min(known, node.examined_rows or known)
            return replace(node, rows=rows), rows / node.rows
        node, filtering = self._with_filter(node, sampled)
        factor = self._factor(node, sampled, state)
        if factor == 1.0:
            return node, filtering
        state.tables += 1
        state.indexes.update((sampled.table.name, index) for index in _indexes(node))
        examined = node.examined_rows or node.rows
        fixed = self._fixed_of_lookup if node.access == "ref" else self._fixed
        corrected = replace(
            node,
            total_cost=node.total_cost * (examined * factor + fixed) / (examined + fixed),
            rows=node.rows * factor,
            examined_rows=examined * factor,
        )
        if node.alias is not None and node.index is not None:
            state.found[node.alias, sampled.table.name, node.index] = corrected.rows
        return corrected, factor * filtering

    def _factor(self, node: PlanNode, sampled: SampledTable, state: _State) -> float:
        """By what the rows that the dive has counted are to be multiplied, for what it would count in production."""
        if not _dives(node):
            return sampled.scale if self._is_of_sample(node) else 1.0
        assert node.relation is not None
        counted = there = max(1.0, node.examined_rows or 1.0)
        leaves = self._leaf_pages(node.relation, node.index) if node.index is not None else None
        if leaves is not None:
            half = _pages(counted / 2, sampled.sampled, leaves.sampled)
            there = counted / 2 if half > COUNTED_PAGES else counted
        expected = there * sampled.scale
        exact = state.exact(node, there) if sampled.drawn else None
        if exact is not None and exact.dived:
            return exact.number / counted
        if exact is not None:
            expected = exact.number
        elif not sampled.drawn:
            state.few = True
            expected = self._expected_of_made(node, sampled, expected)
        elif there < FEW:
            state.few = True
            expected = self._expected_of_few(node, sampled, there)
        if leaves is not None:
            pages = _pages(expected, sampled.rows, leaves.production)
            doubled = expected * _doubling(pages, there if exact is None else exact.number)
            if doubled > expected:
                expected = min(doubled, max(there, sampled.rows / 2))
        is_estimate = sampled.drawn and exact is None
        least = 1.0 if is_estimate and there == counted else 0.5 if is_estimate else 1.0 / counted
        return max(least, min(expected, sampled.rows) / counted)

    def _is_of_sample(self, node: PlanNode) -> bool:
        """Whether it reads partitions as a whole, of which the server takes the rows that are here."""
        return self._counts_partitions and bool(node.partitions) and node.access in ("ALL", "index")

    def _expected_of_few(self, node: PlanNode, sampled: SampledTable, counted: float) -> float:
        """Of an equality also the mean by the index's distinct values has a say."""
        assert node.relation is not None
        seen = counted - 0.5 if counted <= 1.0 else counted  # the server says 1 for 0 as well
        if node.access in _EQUALITIES and node.index is not None:
            place = len(node.references) or len(node.key_columns)
            if counted <= 1.0 and place:
                rare = self._rare(node.relation, node.index, place)
                if rare is not None:
                    return max(1.0, rare * sampled.scale)
            mean = self._mean(node.relation, node.index, place)
            if mean is not None:
                return _weighed(seen, mean / sampled.scale) * sampled.scale
        spread = self._spread(node, sampled) if node.access == "range" else None
        if spread is not None:
            return _weighed(seen, spread) * sampled.scale
        return seen * sampled.scale

    def _expected_of_made(self, node: PlanNode, sampled: SampledTable, counted: float) -> float:
        """Made rows tell of ranges over columns whose distribution is known. Of equalities the statistics tell more;
        all other ranges are what the optimiser itself guesses for one with two ends."""
        assert node.relation is not None
        if node.access in _EQUALITIES and node.index is not None:
            mean = self._mean(node.relation, node.index, len(node.references) or len(node.key_columns))
            if mean is not None:
                return mean
        column = sampled.table.column(node.key_columns[-1]) if node.key_columns else None
        mysql = column.mysql if column is not None else None
        known = mysql is not None and (mysql.histogram is not None or mysql.minimum is not None)
        return counted if known else sampled.rows * GUESSED_RANGE

    def _with_filter(self, node: PlanNode, sampled: SampledTable) -> tuple[PlanNode, float]:
        """Where the filter's share comes from dives into other indexes, it is that of the sample in the whole table."""
        if node.filter is None or node.examined_rows is None or node.rows >= node.examined_rows or _dives(node):
            return node, 1.0
        assert node.relation is not None
        dived = sum(
            1
            for name in node.possible_indexes
            if name != node.index and self._compared_with_constant(node, self._first_column(node.relation, name))
        )
        if not dived or node.examined_rows <= 0 or node.rows <= 0:
            return node, 1.0
        share = node.rows / node.examined_rows
        factor = min(1.0 / share, sampled.scale**dived)
        return replace(node, rows=node.rows * factor), factor

    @staticmethod
    def _compared_with_constant(node: PlanNode, column: str | None) -> bool:
        if column is None or node.filter is None:
            return False
        name = rf"(?:`?{re.escape(node.alias or '')}`?\.)`?{re.escape(column)}`?"
        operator = r"\s*(?:=|<=>|<=|>=|<|>|between|in\s*\(|like)\s*"
        return re.search(name + operator + r"(?![\s(]*`?\w+`?\.)", node.filter, re.IGNORECASE) is not None


def _order(plan: Plan) -> list[str | None]:
    return [node.alias for node in plan.root.walk() if node.access is not None]


def _materialized(node: PlanNode) -> PlanNode | None:
    """The subquery whose rows are put into a table before they are looked up there."""
    if node.type != "Subquery Scan":
        return None
    return next((c for c in node.children if c.parent_relationship == "Subquery" and c.type == "Materialize"), None)


def _with_materialized(added: float, left: PlanNode, old: PlanNode, new: PlanNode, before: float) -> float:
    """What the join adds: the subquery and the writing of its rows once, a lookup for each row of the left side. A row
    costs the same to write as to look up."""
    beside = max(0.0, added - old.total_cost)
    written = beside * old.rows / max(1.0, old.rows + left.rows)
    once = min(added, old.total_cost) * _ratio(new.total_cost, old.total_cost) + written * _ratio(new.rows, old.rows)
    return once + (beside - written) * before


def _doubling(pages: float, sampled: float) -> float:
    """By what a dive multiplies a range of so many leaf pages in production: 2 to the power of the chance that it does.

    It does when the range lies on more than COUNTED_PAGES: where it begins within its first page is open, and so is its
    length, known from so many ``sampled`` rows.
    """
    length = NormalDist(pages, max(pages, 1e-9) * math.sqrt(UNSURE**2 + 1 / max(1.0, sampled)))
    # a range of 9 + x pages, x below 1, lies on 11 with chance x, else on 10
    starts = [COUNTED_PAGES - 1 + (step + 0.5) / STEPS for step in range(STEPS)]
    return math.exp2(sum(1.0 - length.cdf(start) for start in starts) / STEPS)


def _weighed(seen: float, mean: float) -> float:
    """Rows of a value to be expected in a sample that shows ``seen`` where the values have ``mean`` on average.

    The posterior mean of a Poisson distribution whose rate has a gamma distribution of shape PRIOR_SHAPE; a number that
    chance does not explain (three standard deviations) is that of a common value, and stands.
    """
    if seen > mean + 3 * math.sqrt(mean + 1):
        return seen
    return (PRIOR_SHAPE + seen) / (PRIOR_SHAPE / max(mean, 1e-9) + 1)


def _pages(rows: float, of_rows: float, of_pages: float) -> float:
    """Pages that so many rows lie on."""
    return rows / max(1.0, of_rows) * of_pages


def _dives(node: PlanNode) -> bool:
    if node.strategy is not None and "kip scan" in node.strategy:
        return False
    if node.access in _DIVING:
        return True
    return node.access == "ref" and bool(node.references) and all(ref == "const" for ref in node.references)


def _indexes(node: PlanNode) -> list[str]:
    return [n.index for n in node.walk() if n.index is not None and (n is node or n.type == "Bitmap Index Scan")]


def _ratio(new: float, old: float) -> float:
    return new / old if old > 0 else 1.0


def _scanned(node: PlanNode) -> float:
    """Cost of reading the inner table once, at the price of its rows (0.1 each) and pages."""
    return 0.11 * (node.examined_rows or 0.0)
