"""What a cost means on each server, and how many questions are worth it there: the constants that differ by dialect.

The unit of Postgres' planner is a page read in sequence, MySQL's stands for ten rows looked at, MariaDB's since 11.0 is
a millisecond, and before that a page. Measured on warm scans of TPC-H's lineitem, a unit of MySQL 9.7 took 1.4 µs, one
of MariaDB 11.8 0.9 ms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbtune.model.snapshot import Server
from dbtune.planner.robustness.risk import CHEAP


@dataclass(frozen=True)
class Scale:
    """Of one server."""

    cheap: float
    """Planner units for one call: a lookup of a few pages, all in memory. Nothing is built to make it cheaper still."""
    noticeable: float
    """Planner units for one call: about 10 ms. A statement below it is fast as it is."""
    questions: float
    """To the planner about what the best sets count on: times the square root of the number of statements, since most
    of a large workload's cost is with few of its statements."""
    of_a_kind: int
    """Candidates of one kind proposed for one statement, the first ones of each of its tables."""
    pool: int
    """Candidates one statement is planned with at once; of a table with more, those that begin like its own."""
    pool_of_table: int
    """The same on one table: MySQL and MariaDB know 64 indexes of a table, and plan more slowly with each."""
    may_be_dearer: bool = False
    """Whether a new index can make a statement dearer: dbtune works out costs that the optimiser does not choose by."""
    tries_shorter: bool = False
    """Whether the planner is asked about the chosen indexes' first keys alone. Where INCLUDE keeps keys and payload
    apart, and many questions are asked, shorter ones come up by themselves."""


POSTGRES = Scale(cheap=CHEAP, noticeable=1_000.0, questions=140.0, of_a_kind=60, pool=256, pool_of_table=10_000)
MYSQL = Scale(
    cheap=50.0,
    noticeable=7_000.0,
    questions=25.0,
    of_a_kind=14,
    pool=64,
    pool_of_table=24,
    may_be_dearer=True,
    tries_shorter=True,
)
MARIADB = replace(MYSQL, cheap=0.1, noticeable=10.0)
MARIADB_OF_PAGES = replace(MYSQL, cheap=100.0, noticeable=14_000.0)


def scale_of(server: Server) -> Scale:
    """By the server's dialect and version."""
    if server.dialect == "mysql":
        return MYSQL
    if server.dialect == "mariadb":
        return MARIADB if server.version_number >= 110000 else MARIADB_OF_PAGES
    return POSTGRES
