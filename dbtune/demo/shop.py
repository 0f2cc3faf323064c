"""The sample shop in an empty database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psycopg

from dbtune.ddl.quoting import literal
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import Progress
from dbtune.model.workload import Workload

PACKAGE = "dbtune.sample_schemas"
STEPS = (("schema", "making the tables"), ("data", "making the rows"), ("indexes", "building keys and indexes"))
FULL_SIZE_ROWS = 3_300_000
"""At scale 1, all tables together."""


def folder(name: str = "shop") -> Path:
    """Where a sample's SQL files are: in the installed package, or in the checkout."""
    package = find_spec(PACKAGE)
    places = list(package.submodule_search_locations or ()) if package is not None else []
    return Path(places[0] if places else Path(__file__).parents[2] / "sample_schemas") / name


def workload_file() -> Path:
    """The shop's statements with their calls an hour."""
    return folder() / "workload.sql"


def workload() -> Workload:
    """The statements, under the file's name alone: where dbtune is installed says nothing of them."""
    path = workload_file()
    read = read_sql_file(path)
    return replace(read, sources=tuple(replace(source, name=path.name) for source in read.sources))


def load(url: str, scale: float, progress: Progress) -> None:
    """Make the shop in an empty database, ``scale`` times its full size, and VACUUM ANALYZE it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"SET shop.scale = {literal(str(scale))}".encode())
        for name, words in STEPS:
            progress.step(f"{words} of the shop")
            connection.execute((folder() / f"{name}.sql").read_bytes())
        progress.step("leaving an invalid index behind, as a failed build does")
        with suppress(psycopg.errors.UniqueViolation):  # that is the accident
            connection.execute((folder() / "accident.sql").read_bytes())
        progress.step("VACUUM ANALYZE")
        connection.execute("VACUUM ANALYZE")
