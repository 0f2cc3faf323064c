"""Any EXPLAIN output of MySQL or MariaDB, recognised by what is in it."""

from __future__ import annotations

from typing import Literal

from dbtune.model.plan import Plan
from dbtune.planner.mysql.json_v1 import read_json_v1
from dbtune.planner.mysql.json_v2 import read_json_v2
from dbtune.planner.mysql.mariadb_json import read_mariadb
from dbtune.planner.mysql.relations import Relations
from dbtune.planner.mysql.tree import read_tree
from dbtune.planner.mysql.values import decode

UNKNOWN_VALUES = (
    "it has parameters whose values are not known: neither a sample nor a histogram tells them; "
    "a slow log (--log) has them"
)


def read_explain(explain: str, dialect: Literal["mysql", "mariadb"], relations: Relations) -> Plan:
    """The plan in JSON of either version, TREE or EXPLAIN ANALYZE text. Raises PlanFailed where it is none of these."""
    if not explain.lstrip().startswith("{"):
        return read_tree(explain, relations)
    document = decode(explain)
    if dialect == "mariadb":
        return read_mariadb(explain, relations)
    return read_json_v1(document, relations) if "query_block" in document else read_json_v2(document, relations)
