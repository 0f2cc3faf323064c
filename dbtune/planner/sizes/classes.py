"""The arithmetic of keys by how frequent they are: classes of columns multiplied, put together, counted.

See ``frequencies`` for where a column's classes come from.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from dbtune.planner.sizes.tuples import Attribute, Integers, appended, entry_sizes

Numbers = NDArray[np.float64]
Layouts = Callable[[Integers, Integers], Integers]
"""The layouts of these classes, in these places among those of each."""

LAYOUTS_KEPT = 64
"""Entry layouts that stand for all of a class."""
BUCKETS_PER_OCTAVE = 3
"""Classes of a product are put together where their probabilities differ by less than a third of an octave."""
NORMAL_PARTS = tuple(NormalDist().inv_cdf((part + 0.5) / 15) for part in range(15))
"""Middles of equal parts of the normal distribution, in standard deviations."""
GOLDEN_RATIO = 0.6180339887498949
PLACES = np.array([turn * GOLDEN_RATIO % 1.0 for turn in range(LAYOUTS_KEPT + 1)])
"""Where in a class's layouts, from 0 to 1, the next one is taken from."""
NEVER_REPEATED = 1e-7
"""Rows expected of one value of a column that has no value twice."""
FEW_ROWS, MANY_ROWS = 1e-4, 40
"""Expected of one value: below, no row has its value with another; from the latter on, Poisson is as good as normal."""
LAYOUTS_OF_THE_MEAN = 4
"""Of each class, for the mean size of its entries."""


@dataclass(frozen=True, eq=False)
class Classes:
    """Keys by how frequent they are; each array holds one number a class, but for ``layouts``.

    ``layouts`` are the entry layouts that stand for the keys of a class, ``lengths`` of them for each class, one class
    after the other: the widths of one column (``column_classes``), else what ``tuples.appended`` makes of several.
    """

    probability: Numbers
    values: Numbers
    layouts: Integers
    lengths: Integers

    @cached_property
    def starts(self) -> Integers:
        """Where each class's layouts begin."""
        return self.lengths.cumsum() - self.lengths

    @cached_property
    def share(self) -> Numbers:
        """Share of all rows."""
        return self.probability * self.values

    @cached_property
    def sizes(self) -> Integers:
        """Bytes of an entry of each layout."""
        return entry_sizes(self.layouts)

    @cached_property
    def typical_size(self) -> int:
        """Mean bytes of an entry: of the first layouts of each class, rounded down."""
        places = np.arange(len(self.layouts)) - np.repeat(self.starts, self.lengths)
        first = self.sizes[places < LAYOUTS_OF_THE_MEAN]
        return int(first.sum()) // max(1, len(first))

    def __len__(self) -> int:
        return len(self.probability)


@dataclass(frozen=True, eq=False)
class Groups:
    """``counts`` keys that have ``rows`` rows each and belong to a class; one number each."""

    rows: Integers
    counts: Numbers
    classes: Integers

    def where(self, kept: NDArray[np.bool_]) -> Groups:
        return Groups(self.rows[kept], self.counts[kept], self.classes[kept])


def first_column(classes: Classes, attribute: Attribute) -> Classes:
    """Keys of one column, from the classes of its values."""
    nothing = np.zeros(len(classes.layouts), dtype=np.int64)
    return replace(classes, layouts=appended(nothing, attribute, classes.layouts))


def never_repeated(classes: Classes, rows: float) -> Classes:
    """The same entries, each key once: the columns are known to be unique together."""
    rows = max(rows, 1.0)
    return replace(
        classes,
        probability=np.full(len(classes), NEVER_REPEATED / rows),
        values=classes.share * rows / NEVER_REPEATED,
    )


def independent(left: Classes, right: Classes, attribute: Attribute) -> Classes:
    """Classes of the keys made of a key of each side, where neither says anything about the other.

    ``right`` are the classes of the values of one column, which has that ``attribute``.
    """
    probability = np.multiply.outer(left.probability, right.probability).ravel()
    values = np.multiply.outer(left.values, right.values).ravel()
    several = np.multiply.outer(left.lengths > 1, right.lengths > 1)
    lengths = np.where(several, LAYOUTS_KEPT, np.multiply.outer(left.lengths, right.lengths)).ravel()

    def both(pairs: Integers, places: Integers) -> Integers:
        lefts, rights = np.divmod(pairs, len(right))
        of_left, of_right = left.lengths[lefts], right.lengths[rights]
        single = (of_left == 1) | (of_right == 1)
        # each of the left with a right one from another place of the order, so that short does not always meet short
        left_places = np.where(single, places // of_right, places % of_left)
        right_places = np.where(single, places, places * 7) % of_right
        filled = left.layouts[left.starts[lefts] + left_places]
        return appended(filled, attribute, right.layouts[right.starts[rights] + right_places])

    return merged(probability, values, lengths, both)


def distinct_keys(classes: Classes, rows: float) -> float:
    """Keys that ``rows`` rows are expected to have."""
    return _distinct(classes.probability.tolist(), classes.values.tolist(), rows)


def _distinct(probability: Sequence[float], values: Sequence[float], rows: float, factor: float = 1.0) -> float:
    """The same, with the classes a factor more frequent and fewer."""
    expm1 = math.expm1
    return sum([v / factor * -expm1(-rows * (p * factor)) for p, v in zip(probability, values, strict=True)])


def with_distinct(classes: Classes, rows: float, wanted: float) -> Classes:
    """The classes made more frequent and fewer, so that ``rows`` rows have only ``wanted`` keys; never more keys."""
    probability, values = classes.probability.tolist(), classes.values.tolist()
    if wanted >= _distinct(probability, values, rows):
        return classes
    low, high = 1.0, max(2.0, rows)
    for _ in range(50):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if _distinct(probability, values, rows, middle) > wanted else (low, middle)
    return replace(classes, probability=classes.probability * high, values=classes.values / high)


def groups(classes: Classes, rows: float) -> Groups:
    """Keys of ``rows`` rows by how many rows share them, class after class."""
    means = rows * classes.probability
    many, few = means >= MANY_ROWS, means < FEW_ROWS
    parts = [_around(means, classes.values, np.flatnonzero(many)), _once(means, classes.values, np.flatnonzero(few))]
    parts.append(_poisson(means, classes.values, np.flatnonzero(~(many | few))))
    parts = [part for part in parts if len(part.rows)] or parts[:1]
    if len(parts) == 1:
        return parts[0]
    of_classes = np.concatenate([part.classes for part in parts])
    order = np.argsort(of_classes, kind="stable")
    return Groups(
        np.concatenate([part.rows for part in parts])[order],
        np.concatenate([part.counts for part in parts])[order],
        of_classes[order],
    )


def one_a_row(classes: Classes, rows: float) -> Groups:
    """Every row's key for itself."""
    return Groups(np.ones(len(classes), dtype=np.int64), classes.share * rows, np.arange(len(classes)))


def _once(means: Numbers, values: Numbers, chosen: Integers) -> Groups:
    return Groups(np.ones(len(chosen), dtype=np.int64), values[chosen] * means[chosen], chosen)


def _poisson(means: Numbers, values: Numbers, chosen: Integers) -> Groups:
    if not len(chosen):
        return Groups(chosen, values[chosen], chosen)
    mean = means[chosen]
    most = (mean + 6 * np.sqrt(mean)).astype(np.int64) + 5
    sizes = np.arange(1, int(most.max()) + 1)
    chances = np.empty((len(chosen), len(sizes) + 1))
    chances[:, 0] = [math.exp(-one) for one in mean.tolist()]
    chances[:, 1:] = mean[:, None] / sizes
    counts = values[chosen][:, None] * np.cumprod(chances, axis=1)[:, 1:]
    members, places = np.nonzero(sizes <= most[:, None])
    return Groups(sizes[places], counts[members, places], chosen[members])


def _around(means: Numbers, values: Numbers, chosen: Integers) -> Groups:
    """The Poisson distribution of a great mean by equally likely values; few keys are taken at their mean."""
    rows: list[float] = []
    counts: list[float] = []
    classes: list[int] = []
    for number in chosen.tolist():
        mean, keys = float(means[number]), float(values[number])
        if keys < len(NORMAL_PARTS):
            rows.append(round(mean))
            counts.append(keys * mean / round(mean))
            classes.append(number)
            continue
        root = math.sqrt(mean)
        rows += [round(mean + deviation * root) for deviation in NORMAL_PARTS]
        counts += [keys / len(NORMAL_PARTS)] * len(NORMAL_PARTS)
        classes += [number] * len(NORMAL_PARTS)
    return Groups(np.array(rows, dtype=np.int64), np.array(counts), np.array(classes, dtype=np.int64))


def merged(probability: Numbers, values: Numbers, lengths: Integers, layouts: Layouts) -> Classes:
    """The classes that have any rows, those of like probability as one, in the order in which the first of each came.

    ``lengths``: how many layouts each class has.
    """
    present = (probability * values > 0).nonzero()[0]
    keys = _bucket(probability[present])
    if len(set(keys.tolist())) == len(keys):
        taken = lengths[present]
        turns = np.arange(int(taken.sum())) - (taken.cumsum() - taken).repeat(taken)
        return Classes(probability[present], values[present], layouts(present.repeat(taken), turns), taken)
    return _put_together(_Buckets(keys, present, values), probability, lengths, layouts)


def _put_together(buckets: _Buckets, probability: Numbers, lengths: Integers, layouts: Layouts) -> Classes:
    members, values, bucket_of = buckets.members, buckets.values, buckets.number
    total = _sums(bucket_of, values)
    alone = buckets.counts == 1
    mean = _sums(bucket_of, probability[members] * values) / total
    # each as often among those kept as it is in the class
    until = np.rint(LAYOUTS_KEPT * buckets.cumulated / total[bucket_of]).astype(np.int64)
    since = np.empty_like(until)
    since[1:] = until[:-1]
    since[buckets.starts] = 0
    is_alone = alone[bucket_of]
    taken = np.where(is_alone, lengths[members], until - since)
    since[is_alone] = 0
    turns = np.arange(int(taken.sum())) - (taken.cumsum() - taken - since).repeat(taken)
    chosen = members.repeat(taken)
    # from another place of each: members often have the same layouts in the same order
    places = (PLACES[turns] * lengths[chosen]).astype(np.int64)
    return Classes(
        np.where(alone, probability[members[buckets.starts]], mean),
        total,
        layouts(chosen, np.where(is_alone.repeat(taken), turns, places)),
        np.add.reduceat(taken, buckets.starts),
    )


def _sums(bucket_of: Integers, numbers: Numbers) -> Numbers:
    """Of each bucket, its numbers added up in their order."""
    return np.asarray(np.bincount(bucket_of, numbers), dtype=np.float64)


class _Buckets:
    """Classes sorted by their bucket, those of one in the order in which they came.

    ``members`` are the classes, ``number`` says in which bucket each is, ``starts`` where each bucket begins,
    ``counts`` how many it has; ``values`` are those of the members, ``cumulated`` their sum within the bucket.
    """

    def __init__(self, keys: NDArray[np.int16], present: Integers, values: Numbers) -> None:
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        begins = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        counts = np.concatenate([begins[1:], [len(order)]]) - begins
        by_first = np.argsort(order[begins])
        self.counts: Integers = counts[by_first]
        self.starts: Integers = self.counts.cumsum() - self.counts
        self.number: Integers = np.arange(len(begins)).repeat(self.counts)
        places = np.arange(len(order)) - self.starts.repeat(self.counts)
        self.members: Integers = present[order[begins[by_first].repeat(self.counts) + places]]
        self.values: Numbers = values[self.members]
        # one row a bucket: each sum begins anew, and is added up in the order of its members
        square = np.zeros((len(begins), int(counts.max())))
        square[self.number, places] = self.values
        self.cumulated: Numbers = square.cumsum(axis=1)[self.number, places]


def _bucket(probability: Numbers) -> NDArray[np.int16]:
    """In which part of which octave the probability lies."""
    exact = np.log2(probability) * BUCKETS_PER_OCTAVE
    nearest: Numbers = np.rint(exact)
    # numpy's logarithm may be another one in its last bit, by processor
    for doubtful in (np.abs(exact - nearest) > 0.5 - 1e-9).nonzero()[0].tolist():
        nearest[doubtful] = round(math.log2(probability[doubtful]) * BUCKETS_PER_OCTAVE)
    return nearest.astype(np.int16)
