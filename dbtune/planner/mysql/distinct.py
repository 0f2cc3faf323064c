"""How many distinct values a column has, from a sample of its rows."""

from __future__ import annotations

from dbtune.planner.sizes.duj1 import duj1


def estimated_distinct(rows: float, sampled: float, distinct: float, once: float) -> float:
    """Distinct values in ``rows`` rows, of which ``sampled`` were drawn at random and showed ``distinct`` values,
    ``once`` of these one single time: no fewer than were seen, no more than there are rows."""
    if sampled <= 0 or distinct <= 0:
        return 1.0
    if sampled >= rows:
        return distinct
    return min(max(duj1(rows, sampled, distinct, once), distinct), rows)
