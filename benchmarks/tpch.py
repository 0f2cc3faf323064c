"""TPC-H in a database: data by ``tpchgen-cli`` (PyPI), tables and queries from ``benchmarks/tpch/``."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

FOLDER = Path(__file__).parent / "tpch"
TABLES = ("region", "nation", "supplier", "part", "partsupp", "customer", "orders", "lineitem")


@contextmanager
def csv_files(scale: float) -> Iterator[Path]:
    """A folder with one CSV file a table, removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="dbtune-tpch-") as folder:
        command = [_generator(), "csv", "--scale-factor", str(scale), "--output-dir", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        yield Path(folder)


def load(url: str, scale: float = 1.0) -> None:
    """Make the tables in an empty database, fill them, and run VACUUM ANALYZE."""
    with psycopg.connect(url, autocommit=True) as connection, csv_files(scale) as folder:
        connection.execute((FOLDER / "schema.sql").read_bytes())
        for table in TABLES:
            _copy(connection, table, folder / f"{table}.csv")
        connection.execute("VACUUM ANALYZE")


def queries() -> dict[str, str]:
    """The 22 queries by their names: ``Q1`` to ``Q22``."""
    parts = re.split(r"^-- (Q\d+)$", (FOLDER / "queries.sql").read_text(), flags=re.MULTILINE)
    return {name: text.strip().rstrip(";") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def _copy(connection: psycopg.Connection, table: str, file: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER true)").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy, file.open("rb") as source:
        while part := source.read(1 << 20):
            copy.write(part)


def _generator() -> str:
    beside = Path(sys.executable).parent / "tpchgen-cli"
    found = str(beside) if beside.exists() else shutil.which("tpchgen-cli")
    if found is None:
        raise SystemExit("tpchgen-cli is missing: pip install tpchgen-cli")
    return found
