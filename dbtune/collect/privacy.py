"""Taking real values out of a snapshot's statistics: what is lost for planning stands in docs/snapshot.md."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from dbtune.model.mysql import Bucket, Histogram, MySQLColumn
from dbtune.model.schema import Column, ColumnStatistics, Index, Table
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Limit, Workload

Privacy = Literal["none", "hash", "drop"]
MODES: tuple[Privacy, ...] = ("none", "hash", "drop")

STRING_CATEGORY = "S"
OPEN_CATEGORIES = frozenset("EB")
"""Enums and booleans: the schema names all their values anyway."""
TEXT_ARRAYS = frozenset({"_text", "_varchar", "_bpchar"})

ATTEMPTS = 50
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
"""Sorted alike by every collation, byte order included."""

LOSSES: dict[Privacy, str] = {
    "hash": "text values replaced by tokens, other values left out (--privacy hash)",
    "drop": "all common values and histograms left out (--privacy drop)",
}


def apply_privacy(snapshot: Snapshot, mode: Privacy) -> Snapshot:
    """The snapshot with its statistics' values kept (``none``), replaced by tokens (``hash``) or left out (``drop``).

    ``hash`` keeps each text value's length, frequency and equality with other values, over all columns of this
    snapshot; the key is thrown away, so nobody can tell a value from its token by trying. Taking it again on the
    result, or ``hash`` after ``drop``, changes nothing. Verbatim statements go in both modes.
    """
    if mode == "none" or snapshot.privacy == "drop" or snapshot.privacy == mode:
        return snapshot
    masking = _Masking(mode)
    return replace(
        snapshot,
        tables=tuple(masking.table(table) for table in snapshot.tables),
        workload=_without_samples(snapshot.workload),
        limits=(*snapshot.limits, Limit("real values in the statistics", LOSSES[mode])),
        privacy=mode,
    )


class _Masking:
    def __init__(self, mode: Privacy) -> None:
        self._mode = mode
        self._key = secrets.token_bytes(32)

    def table(self, table: Table) -> Table:
        return replace(
            table,
            columns=tuple(self._column(column) for column in table.columns),
            indexes=tuple(_index(index) for index in table.indexes),
        )

    def _column(self, column: Column) -> Column:
        return replace(
            column,
            statistics=self._statistics(column.statistics, column),
            inherited_statistics=self._statistics(column.inherited_statistics, column),
            mysql=column.mysql and self._mysql(column.mysql, column),
        )

    def _mysql(self, own: MySQLColumn, column: Column) -> MySQLColumn:
        if self._mode == "hash" and column.type_category in OPEN_CATEGORIES:
            return own
        is_text = self._mode == "hash" and column.type_category == STRING_CATEGORY
        histogram = self._histogram(own.histogram) if is_text and own.histogram is not None else None
        return replace(own, histogram=histogram, minimum=None, maximum=None)

    def _histogram(self, histogram: Histogram) -> Histogram | None:
        """Of text: the same buckets, tokens for their values; sorted, as the server wants it."""
        taken: set[str] = set()
        values = dict.fromkeys(value for bucket in histogram.buckets for value in (bucket.lower, bucket.upper))
        tokens = {value: token for value in values if (token := self._token(value, taken)) is not None}
        if histogram.kind == "singleton":
            kept = [
                Bucket(tokens[bucket.lower], tokens[bucket.lower], bucket.fraction)
                for bucket in histogram.buckets
                if bucket.lower in tokens
            ]
            return replace(histogram, buckets=tuple(sorted(kept, key=lambda bucket: bucket.lower)))
        if len(tokens) < len(values) or not values:
            return None
        by_rank = dict(zip(values, sorted(tokens.values()), strict=True))
        return replace(
            histogram,
            buckets=tuple(
                replace(bucket, lower=by_rank[bucket.lower], upper=by_rank[bucket.upper])
                for bucket in histogram.buckets
            ),
        )

    def _statistics(self, statistics: ColumnStatistics | None, column: Column) -> ColumnStatistics | None:
        if statistics is None:
            return None
        if self._mode == "hash":
            if column.type_category in OPEN_CATEGORIES:
                return statistics
            if column.type_category == STRING_CATEGORY:
                return self._tokens_for_text(statistics)
            if column.type_name.name in TEXT_ARRAYS:
                return self._tokens_for_elements(statistics)
        return _without_values(statistics)

    def _tokens_for_text(self, statistics: ColumnStatistics) -> ColumnStatistics:
        taken: set[str] = set()
        common = [
            (token, frequency)
            for value, frequency in zip(statistics.most_common_vals, statistics.most_common_freqs, strict=False)
            if (token := self._token(value, taken)) is not None
        ]
        bounds = self._tokens(statistics.histogram_bounds, taken)
        return replace(
            statistics,
            most_common_vals=tuple(token for token, _ in common),
            most_common_freqs=tuple(frequency for _, frequency in common),
            # a histogram is sorted, and tokens sort as they please: ranges over it are those of random text
            histogram_bounds=tuple(sorted(bounds)) if len(bounds) > 1 else (),
        )

    def _tokens_for_elements(self, statistics: ColumnStatistics) -> ColumnStatistics:
        """Elements are sorted, each with its frequency; two or three more frequencies (least, most, null) follow."""
        taken: set[str] = set()
        elements = statistics.most_common_elems
        tokens = [self._token(element, taken) for element in elements]
        pairs = sorted(
            (token, frequency)
            for token, frequency in zip(tokens, statistics.most_common_elem_freqs, strict=False)
            if token is not None
        )
        return replace(
            _without_values(statistics),
            most_common_elems=tuple(token for token, _ in pairs),
            most_common_elem_freqs=(
                *(frequency for _, frequency in pairs),
                *statistics.most_common_elem_freqs[len(elements) :],
            ),
            elem_count_histogram=statistics.elem_count_histogram,
        )

    def _tokens(self, values: Iterable[str], taken: set[str]) -> list[str]:
        return [token for value in values if (token := self._token(value, taken)) is not None]

    def _token(self, value: str, taken: set[str]) -> str | None:
        """As long as the value; None where all tokens so short are taken."""
        for attempt in range(ATTEMPTS):
            token = self._hash(value, attempt)
            if token not in taken:
                taken.add(token)
                return token
        return None

    def _hash(self, value: str, attempt: int) -> str:
        stream = hashlib.shake_256(self._key + attempt.to_bytes(2, "big") + value.encode("utf-8", "surrogatepass"))
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in stream.digest(len(value)))


def _index(index: Index) -> Index:
    """The values of an expression have no column that says of which kind they are, so none stays."""
    if index.facts is None or not index.facts.key_statistics:
        return index
    statistics = tuple(found and _without_values(found) for found in index.facts.key_statistics)
    return replace(index, facts=replace(index.facts, key_statistics=statistics))


def _without_samples(workload: Workload) -> Workload:
    statements = tuple(replace(one, samples=()) if one.samples else one for one in workload.statements)
    return replace(workload, statements=statements)


def _without_values(statistics: ColumnStatistics) -> ColumnStatistics:
    return ColumnStatistics(
        null_frac=statistics.null_frac,
        avg_width=statistics.avg_width,
        n_distinct=statistics.n_distinct,
        correlation=statistics.correlation,
        range_empty_frac=statistics.range_empty_frac,
    )
