"""Histograms in the form in which MySQL and MariaDB take them. Read by ``dbtune.collect.mysql.histograms``."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from itertools import accumulate

from dbtune.ddl.mysql_quoting import identifier, qualified
from dbtune.model.mysql import Histogram
from dbtune.model.names import QualifiedName

STRING_PREFIX = "base64:type254:"
NUMBERS = frozenset({"int", "uint", "double", "decimal", "enum", "set"})
"""Data types whose values are numbers in the JSON."""


def make_histograms(table: QualifiedName, columns: Sequence[str], family: str) -> str:
    """The statement that makes them from the rows, without a semicolon."""
    names = ", ".join(identifier(column) for column in columns)
    if family == "mysql":
        return f"ANALYZE TABLE {qualified(table)} UPDATE HISTOGRAM ON {names} WITH 100 BUCKETS"
    return f"ANALYZE TABLE {qualified(table)} PERSISTENT FOR COLUMNS ({names}) INDEXES ()"


def mysql_json(histogram: Histogram) -> str:
    """What ``ANALYZE TABLE ... UPDATE HISTOGRAM ON ... USING DATA`` takes (MySQL 8.0.31 and later)."""
    most = 1.0 - histogram.null_fraction
    ends = [min(round(end, 15), most) for end in accumulate(bucket.fraction for bucket in histogram.buckets)]
    buckets: list[str] = []
    for bucket, end in zip(histogram.buckets, ends, strict=True):
        lower = _mysql_value(bucket.lower, histogram)
        if histogram.kind == "singleton":
            buckets.append(f"[{lower}, {end!r}]")
        else:
            upper = _mysql_value(bucket.upper, histogram)
            buckets.append(f"[{lower}, {upper}, {end!r}, {round(bucket.distinct)}]")
    rest: dict[str, object] = {
        "data-type": histogram.data_type,
        "null-values": histogram.null_fraction,
        "collation-id": histogram.collation_id,
        "last-updated": histogram.last_updated,
        "sampling-rate": histogram.sampling_rate,
        "histogram-type": histogram.kind,
        "number-of-buckets-specified": histogram.buckets_specified,
    }
    if histogram.auto_update is not None:
        rest["auto-update"] = histogram.auto_update  # missed where it is known, unknown where it is not
    return f'{{"buckets": [{", ".join(buckets)}], {json.dumps(rest)[1:-1]}}}'


def _mysql_value(text: str, histogram: Histogram) -> str:
    if histogram.data_type in NUMBERS:
        return text
    if histogram.data_type == "string":
        return f'"{STRING_PREFIX}{base64.b64encode(text.encode(histogram.encoding)).decode()}"'
    return json.dumps(text)


def mariadb_bytes(histogram: Histogram) -> bytes:
    """What stands in ``mysql.column_stats.histogram``, for each ``hist_type``."""
    if histogram.kind == "SINGLE_PREC_HB":
        return bytes(histogram.positions)
    if histogram.kind == "DOUBLE_PREC_HB":
        return b"".join(position.to_bytes(2, "little") for position in histogram.positions)
    parts: list[dict[str, object]] = []
    not_null = (1 - histogram.null_fraction) or 1.0
    for number, bucket in enumerate(histogram.buckets):
        part = {**_end("start", bucket.lower), "size": bucket.fraction / not_null, "ndv": round(bucket.distinct)}
        if number == len(histogram.buckets) - 1:
            part.update(_end("end", bucket.upper))
        parts.append(part)
    content = {
        "target_histogram_size": histogram.buckets_specified,
        "collected_at": histogram.last_updated,
        "collected_by": "dbtune",
        "histogram_hb": parts,
    }
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _end(name: str, text: str) -> dict[str, object]:
    return {f"{name}_hex": text[2:]} if text.startswith("0x") else {name: text}
