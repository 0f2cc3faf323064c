"""The estimator of distinct values in ANALYZE of Postgres, and in dbtune where rows are sampled.

Source: Haas and Stokes, "Estimating the Number of Classes in a Finite Population", IBM Research Report RJ 10025 (1998),
the estimator called Duj1; ``src/backend/commands/analyze.c``.
"""

from __future__ import annotations


def duj1(rows: float, sampled: float, distinct: float, once: float) -> float:
    """Distinct values in ``rows`` rows, of which ``sampled`` were drawn at random and showed ``distinct`` values,
    ``once`` of these one single time."""
    return sampled * distinct / (sampled - once + once * sampled / rows)
