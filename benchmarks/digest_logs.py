"""Logs for the digest benchmark: a web shop's statements, in every format, of any size, always the same.

``python benchmarks/digest_logs.py mysql-slow 300 > slow.log`` writes about 300 MB. What the log holds is known: the
statement's number stands in its table's name, so that what a tool counts can be held against what was written.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

TEMPLATES = 200
START = 1_714_557_600.0
SESSIONS = 40

_SHAPES = (
    "SELECT id, total, status FROM orders_{n} WHERE customer_id = {i} AND status IN ({list}) "
    "ORDER BY created_at DESC LIMIT 20",
    "SELECT o.id, o.total, c.email FROM orders_{n} o JOIN customers c ON c.id = o.customer_id "
    "WHERE o.created_at >= '{day}' AND c.country = '{word}' AND o.total > {f}",
    "UPDATE stock_{n} SET quantity = quantity - {i}, changed_at = '{day} 12:30:00' WHERE product_id = {i}",
    "INSERT INTO events_{n} (kind, body, at) VALUES {rows}",
    "SELECT count(*) FROM sessions_{n} WHERE user_id = {i} AND note <> 'it''s {word}' "
    "AND expires_at > '{day} 00:00:00'",
    "SELECT p.id, p.name, p.price, s.quantity, "
    "(SELECT avg(r.stars) FROM reviews r WHERE r.product_id = p.id) AS stars FROM products_{n} p "
    "LEFT JOIN stock s ON s.product_id = p.id WHERE p.category_id IN ({list}) AND p.price BETWEEN {f} AND {f} "
    "AND p.name LIKE '%{word}%' GROUP BY p.id, p.name, p.price, s.quantity HAVING count(*) > {i} "
    "ORDER BY p.price, p.id LIMIT 50 OFFSET {i}",
    "DELETE FROM carts_{n} WHERE updated_at < '{day}' AND customer_id = {i}",
    "SELECT * FROM settings_{n} WHERE name = '{word}'",
)
_WORDS = "red green blue large small cotton wool summer winter sale berlin paris shoes coat".split()


@dataclass(frozen=True)
class Event:
    """One execution."""

    number: int
    time: float
    ms: float
    session: int
    sql: str


def events(seed: int, *, new: bool = False) -> Iterator[Event]:
    """Executions without end; Zipf-distributed over the templates, or each of a kind of its own (``new``)."""
    rng = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(TEMPLATES)]
    speeds = [rng.lognormvariate(1, 1.5) for _ in range(TEMPLATES)]
    time = START
    while True:
        for number in rng.choices(range(TEMPLATES), weights, k=1000):
            time += rng.expovariate(400)
            name = f"{number}_{rng.getrandbits(48):x}" if new else str(number)
            yield Event(
                number,
                time,
                speeds[number] * rng.lognormvariate(0, 0.7),
                rng.randrange(SESSIONS),
                _sql(rng, number, name),
            )


def _sql(rng: random.Random, number: int, name: str) -> str:
    shape = _SHAPES[number % len(_SHAPES)]
    return shape.format(
        n=name,
        i=rng.randrange(1_000_000),
        f=f"{rng.random() * 1000:.2f}",
        day=f"2024-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}",
        word=rng.choice(_WORDS),
        list=", ".join(str(rng.randrange(10**6)) for _ in range(rng.randrange(1, 12))),
        rows=", ".join(
            f"({rng.randrange(9)}, '{rng.choice(_WORDS)} {rng.randrange(10**6)}', "
            f"'2024-05-01 10:00:{rng.randrange(60):02d}')"
            for _ in range(rng.randrange(1, 6))
        ),
    )


def _moment(event: Event, form: str) -> str:
    return f"{datetime.fromtimestamp(event.time, UTC):{form}}.{int(event.time % 1 * 1000):03d}"


def _mysql_slow(event: Event) -> str:
    return (
        f"# Time: {datetime.fromtimestamp(event.time, UTC):%Y-%m-%dT%H:%M:%S.%f}Z\n"
        f"# User@Host: app[app] @ web{event.session % 4} [10.0.0.{event.session % 4}]  Id: {1000 + event.session:5d}\n"
        f"# Query_time: {event.ms / 1000:.6f}  Lock_time: 0.000{event.session:03d} Rows_sent: {event.number}  "
        f"Rows_examined: {event.number * 100}\nSET timestamp={int(event.time)};\n{event.sql};\n"
    )


def _percona(event: Event) -> str:
    return (
        f"# Time: {datetime.fromtimestamp(event.time, UTC):%Y-%m-%dT%H:%M:%S.%f}Z\n"
        f"# User@Host: app[app] @ web{event.session % 4} [10.0.0.{event.session % 4}]  Id: {1000 + event.session:5d}\n"
        f"# Schema: shop  Last_errno: 0  Killed: 0\n"
        f"# Query_time: {event.ms / 1000:.6f}  Lock_time: 0.000{event.session:03d}  Rows_sent: {event.number}  "
        f"Rows_examined: {event.number * 100}  Rows_affected: 0  Bytes_sent: {event.number * 50}\n"
        f"# Tmp_tables: 0  Tmp_disk_tables: 0  Tmp_table_sizes: 0\n"
        f"# QC_Hit: No  Full_scan: No  Full_join: No  Tmp_table: No  Tmp_table_on_disk: No\n"
        f"# Filesort: No  Filesort_on_disk: No  Merge_passes: 0\n"
        f"SET timestamp={int(event.time)};\n{event.sql};\n"
    )


def _stderr(event: Event) -> str:
    prefix = f"{_moment(event, '%Y-%m-%d %H:%M:%S')} UTC [{2000 + event.session}] app@shop "
    return f"{prefix}LOG:  duration: {event.ms:.3f} ms  statement: {event.sql}\n"


def _csv(event: Event) -> str:
    moment = _moment(event, "%Y-%m-%d %H:%M:%S") + " UTC"
    message = f"duration: {event.ms:.3f} ms  statement: {event.sql}".replace('"', '""')
    return (
        f'{moment},"app","shop",{2000 + event.session},"10.0.0.{event.session % 4}:5{event.session:04d}",'
        f'6632a1b2.{2000 + event.session:x},{event.session},"SELECT",'
        f"2024-05-01 09:00:00 UTC,3/{event.session},0,LOG,00000,"
        f'"{message}",,,,,,,,,"app","client backend",,0\n'
    )


def _json(event: Event) -> str:
    record = {
        "timestamp": _moment(event, "%Y-%m-%d %H:%M:%S") + " UTC",
        "user": "app",
        "dbname": "shop",
        "pid": 2000 + event.session,
        "remote_host": f"10.0.0.{event.session % 4}",
        "remote_port": 50000 + event.session,
        "session_id": f"6632a1b2.{2000 + event.session:x}",
        "line_num": event.session,
        "ps": "SELECT",
        "session_start": "2024-05-01 09:00:00 UTC",
        "vxid": f"3/{event.session}",
        "txid": 0,
        "error_severity": "LOG",
        "message": f"duration: {event.ms:.3f} ms  statement: {event.sql}",
        "application_name": "app",
        "backend_type": "client backend",
        "query_id": 0,
    }
    return json.dumps(record, separators=(",", ":")) + "\n"


FORMATS: dict[str, Callable[[Event], str]] = {
    "mysql-slow": _mysql_slow,
    "percona-slow": _percona,
    "postgres-stderr": _stderr,
    "postgres-csv": _csv,
    "postgres-json": _json,
}


def write(path: str, form: str, megabytes: float, *, new: bool = False, seed: int = 1) -> Counter[int]:
    """Write a log of about so many MB (of a million bytes); gives how often each template was written."""
    written: Counter[int] = Counter()
    size, limit = 0, megabytes * 1e6
    with open(path, "w", encoding="utf-8") as log:  # noqa: PTH123
        pending: list[str] = []
        for event in events(seed, new=new):
            text = FORMATS[form](event)
            pending.append(text)
            size += len(text)
            written[event.number] += 1
            if len(pending) == 5000:
                log.write("".join(pending))
                pending.clear()
            if size >= limit:
                break
        log.write("".join(pending))
    return written


if __name__ == "__main__":
    write("/dev/stdout", sys.argv[1], float(sys.argv[2]), new="new" in sys.argv[3:])
