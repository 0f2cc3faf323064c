"""Histograms as MySQL and MariaDB keep them, read into the model's one form. Written back in ``dbtune.ddl``.

Source: MySQL's ``sql/histograms/*.cc`` and manual, "Optimizer Statistics"; MariaDB's ``sql/opt_histogram_json.cc`` and
``sql/sql_statistics.h``.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from dbtune.model.mysql import Bucket, Histogram, HistogramKind

ENCODINGS: Mapping[str, str] = {
    "utf8mb4": "utf-8",
    "utf8mb3": "utf-8",
    "utf8": "utf-8",
    "ascii": "ascii",
    "ucs2": "utf-16-be",
    "utf16": "utf-16-be",
    "utf16le": "utf-16-le",
    "utf32": "utf-32-be",
    "latin2": "iso8859-2",
    "latin5": "iso8859-9",
    "latin7": "iso8859-13",
    "greek": "iso8859-7",
    "hebrew": "iso8859-8",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1256": "cp1256",
    "cp1257": "cp1257",
    "koi8r": "koi8-r",
    "koi8u": "koi8-u",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "gb18030": "gb18030",
    "big5": "big5",
    "sjis": "shift_jis",
    "cp932": "cp932",
    "ujis": "euc_jp",
    "euckr": "euc_kr",
}
"""Character set to Python's name of it."""

BYTES = "latin-1"
"""Keeps any bytes as they are: for binary columns, for latin1 (near enough), for what does not decode."""

BASE64 = "base64:type"


def encoding_of(charset: str | None) -> str:
    """Python's name of a column's character set."""
    return ENCODINGS.get(charset or "", BYTES)


def mysql_histogram(text: str | bytes, encoding: str) -> Histogram:
    """Of ``information_schema.COLUMN_STATISTICS.HISTOGRAM``. ``encoding``: of the column."""
    found: dict[str, Any] = json.loads(text, parse_float=str, parse_int=str)
    data_type = str(found.get("data-type", ""))
    buckets = found.get("buckets", [])
    if not all(_decodes(value, encoding) for bucket in buckets for value in bucket):
        encoding = BYTES
    kind: HistogramKind = "singleton" if found.get("histogram-type") == "singleton" else "equi-height"
    read: list[Bucket] = []
    former = 0.0
    for bucket in buckets:
        lower = _value(bucket[0], encoding)
        upper = lower if kind == "singleton" else _value(bucket[1], encoding)
        cumulative = float(bucket[1] if kind == "singleton" else bucket[2])
        distinct = 1.0 if kind == "singleton" else float(bucket[3])
        read.append(Bucket(lower, upper, round(cumulative - former, 15), distinct))
        former = cumulative
    return Histogram(
        kind=kind,
        buckets=tuple(read),
        data_type=data_type,
        collation_id=int(found.get("collation-id") or 0),
        encoding=encoding,
        null_fraction=float(found.get("null-values") or 0),
        sampling_rate=float(found.get("sampling-rate") or 1),
        buckets_specified=int(found.get("number-of-buckets-specified") or 0),
        last_updated=str(found.get("last-updated") or ""),
        auto_update=found.get("auto-update"),
    )


def _value(value: object, encoding: str) -> str:
    text = str(value)
    if text.startswith(BASE64):
        return base64.b64decode(text.split(":", 2)[2]).decode(encoding)
    return text


def _decodes(value: object, encoding: str) -> bool:
    try:
        _value(value, encoding)
    except UnicodeDecodeError:
        return False
    return True


def mariadb_histogram(kind: object, content: object, null_fraction: float) -> Histogram | None:
    """Of ``mysql.column_stats``: ``hist_type`` and ``histogram``. None where there is none."""
    if content is None or content == b"" or content == "":
        return None
    if kind == "JSON_HB":
        text = content.decode("utf-8", "surrogateescape") if isinstance(content, bytes) else str(content)
        return _json_hb(text, null_fraction)
    if kind in ("SINGLE_PREC_HB", "DOUBLE_PREC_HB") and isinstance(content, bytes):
        positions = (
            tuple(content)
            if kind == "SINGLE_PREC_HB"
            else tuple(int.from_bytes(content[at : at + 2], "little") for at in range(0, len(content) - 1, 2))
        )
        name: HistogramKind = "SINGLE_PREC_HB" if kind == "SINGLE_PREC_HB" else "DOUBLE_PREC_HB"
        return Histogram(kind=name, positions=positions, null_fraction=null_fraction)
    return None


def _json_hb(text: str, null_fraction: float) -> Histogram | None:
    try:
        found: dict[str, Any] = json.loads(text)
        parts: list[dict[str, Any]] = found["histogram_hb"]
        starts = [_end(part, "start") for part in parts]
        ends = [_end(part, "end") for part in parts]
        # only the last one says where it ends, the others where the next begins; sizes are shares of what is not NULL
        uppers = [end or start for end, start in zip(ends, [*starts[1:], None], strict=True)]
        buckets = tuple(
            Bucket(start or "", upper or start or "", float(part["size"]) * (1 - null_fraction), float(part["ndv"]))
            for start, upper, part in zip(starts, uppers, parts, strict=True)
        )
    except (ValueError, KeyError, TypeError):
        return None
    buckets = tuple(
        Bucket(bucket.lower, bucket.lower, bucket.fraction, 1.0) if bucket.distinct <= 1 else bucket
        for bucket in buckets
    )
    return Histogram(
        kind="JSON_HB",
        buckets=buckets,
        null_fraction=null_fraction,
        buckets_specified=int(found.get("target_histogram_size") or 0),
        last_updated=str(found.get("collected_at") or ""),
    )


def _end(part: Mapping[str, Any], name: str) -> str | None:
    if f"{name}_hex" in part:
        return "0x" + str(part[f"{name}_hex"])
    return None if part.get(name) is None else str(part[name])
