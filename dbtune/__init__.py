"""dbtune: index advice for Postgres that the planner itself has confirmed."""

__version__ = "0.1.0"
