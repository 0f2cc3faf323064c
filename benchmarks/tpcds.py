"""TPC-DS in a database: data and queries by DuckDB's ``tpcds`` extension, tables from ``benchmarks/tpcds/``.

The extension comes as a wheel (PyPI: ``duckdb-extension-tpcds``, the extra ``bench``) and is loaded from its file, so
that nothing is fetched from the net at run time. Its queries are those of the specification with the substitutions of
its validation run, in a dialect that Postgres takes as it is: all 99 are planned and run without a change.

    python benchmarks/tpcds.py URL --scale 0.1     # fill an empty database
    python benchmarks/tpcds.py URL --check         # plan the 99 queries there, list those that fail
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    import duckdb

FOLDER = Path(__file__).parent / "tpcds"
PARTS_BYTES = 1 << 20
TABLES = tuple(re.findall(r"^CREATE TABLE (\w+)", (FOLDER / "schema.sql").read_text(), flags=re.MULTILINE))


def load(url: str, scale: float = 1.0) -> None:
    """Make the tables in an empty database, fill them, and run VACUUM ANALYZE."""
    with psycopg.connect(url, autocommit=True) as connection, _generated(scale) as source:
        connection.execute((FOLDER / "schema.sql").read_bytes())
        with tempfile.TemporaryDirectory(prefix="dbtune-tpcds-") as folder:
            for table in TABLES:
                file = Path(folder) / f"{table}.csv"
                source.execute(f"COPY {table} TO '{file}' (FORMAT csv, HEADER true)")
                _copy(connection, table, file)
                file.unlink()
        connection.execute("VACUUM ANALYZE")


def queries() -> dict[str, str]:
    """The 99 queries by their names: ``Q1`` to ``Q99``."""
    with _duckdb(":memory:") as source:
        rows = source.execute("SELECT query_nr, query FROM tpcds_queries() ORDER BY query_nr").fetchall()
    return {f"Q{number}": text.strip().rstrip(";").rstrip() for number, text in rows}


def failing(url: str) -> dict[str, str]:
    """Queries that the server will not plan, with the reason."""
    reasons: dict[str, str] = {}
    with psycopg.connect(url, autocommit=True) as connection:
        for name, text in queries().items():
            try:
                connection.execute("EXPLAIN " + text)  # type: ignore[arg-type]
            except psycopg.Error as error:
                reasons[name] = str(error).splitlines()[0]
    return reasons


@contextmanager
def _generated(scale: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database file with the data, removed at the end of the block."""
    with tempfile.TemporaryDirectory(prefix="dbtune-tpcds-") as folder, _duckdb(f"{folder}/tpcds.duckdb") as source:
        source.execute(f"CALL dsdgen(sf={scale:g})")
        yield source


def _duckdb(database: str) -> Any:
    try:
        import duckdb
        import duckdb_extension_tpcds
    except ImportError:
        raise SystemExit("TPC-DS needs DuckDB and its extension: pip install 'dbtune[bench]'") from None
    folder = Path(duckdb_extension_tpcds.__file__).parent
    connection = duckdb.connect(database)
    connection.execute(f"LOAD '{next(folder.rglob('tpcds.duckdb_extension'))}'")
    return connection


def _copy(connection: psycopg.Connection, table: str, file: Path) -> None:
    statement = sql.SQL("COPY {} FROM STDIN (FORMAT csv, HEADER true)").format(sql.Identifier(table))
    with connection.cursor() as cursor, cursor.copy(statement) as copy, file.open("rb") as source:
        while part := source.read(PARTS_BYTES):
            copy.write(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--check", action="store_true", help="plan the queries instead of loading")
    options = parser.parse_args()
    if not options.check:
        load(options.url, options.scale)
    for name, reason in failing(options.url).items():
        print(f"{name}: {reason}")


if __name__ == "__main__":
    main()
