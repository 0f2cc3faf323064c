"""Texts by which MySQL and MariaDB are asked about a statement whose values are not known: digests without a sample.

An equality needs any value of the column's type: how many rows it finds is told by the number of distinct values. A
range, or a pattern, may find all rows or none, so its values have to come from a histogram; where there is none the
statement is not planned, rather than with a value that is made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbtune.ddl.mysql_quoting import literal
from dbtune.model.access import StatementFacts
from dbtune.model.schema import Column
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance
from dbtune.sql.parsing import Parameter
from dbtune.sql.representatives import Representative, statistics_of
from dbtune.sql.sites import Site
from dbtune.sql.values_of_columns import texts_of

PAGE = "20"
"""Rows of a page, for LIMIT ?."""

LEAST_BOUNDS = 5
"""Of a histogram, to tell where a range is: MariaDB's least and greatest value alone do not."""

_PLAIN: Mapping[str, str] = {"limit": PAGE, "offset": "0", "number": "1", "interval": "1", "condition": "true"}
_EQUAL = frozenset({"equal", "member"})
_FROM_VALUES = frozenset({"lower", "upper", "prefix", "infix", "text"})


def mysql_values(
    found: Sequence[Parameter], telling: Sequence[Site], facts: StatementFacts, snapshot: Snapshot
) -> dict[int, list[Representative]] | None:
    """SQL literals for each parameter; None where those of one are not known."""
    values: dict[int, list[Representative]] = {}
    for parameter, site in zip(found, telling, strict=True):
        known = _literals(site, snapshot)
        if known is None and facts.kind == "insert":
            known = [Representative("NULL", 1.0)]  # what is inserted changes no plan
        if known is None:
            return None
        values[parameter.number] = known
    return values


def unknown(text: str) -> tuple[Instance, ...]:
    """The statement as it stands: planners refuse it with the reason."""
    return (Instance(text, generic=True),)


def _literals(site: Site, snapshot: Snapshot) -> list[Representative] | None:
    if site.role in _PLAIN:
        return [Representative(_PLAIN[site.role], 1.0)]
    column = site.column
    if column is None or (site.role not in _EQUAL and not (site.role in _FROM_VALUES and _has_values(column))):
        return None
    texts = texts_of(site, column, snapshot)
    return [Representative(_literal(column, value.text), value.weight) for value in texts] or None


def _literal(column: Column, text: str) -> str:
    """Numbers without quotes, as they are usually written."""
    return text if column.type_category == "N" and text.lstrip("-").replace(".", "", 1).isdigit() else literal(text)


def _has_values(column: Column) -> bool:
    known = statistics_of(column)
    return known is not None and (len(known.histogram_bounds) >= LEAST_BOUNDS or bool(known.most_common_vals))
