"""How many distinct values a column has, from a sample of its rows."""

from __future__ import annotations


def duj1(rows: float, sampled: float, distinct: float, once: float) -> float:
    """Distinct values in ``rows`` rows, of which ``sampled`` were drawn at random and showed ``distinct`` values,
    ``once`` of these one single time. The estimator of ANALYZE in Postgres as well.

    Source: Haas and Stokes, "Estimating the Number of Classes in a Finite Population", IBM Research Report RJ 10025
    (1998), the estimator called Duj1.
    """
    if sampled <= 0 or distinct <= 0:
        return 1.0
    if sampled >= rows:
        return distinct
    estimate = sampled * distinct / (sampled - once + once * sampled / rows)
    return min(max(estimate, distinct), rows)
