from __future__ import annotations

from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, Table
from dbtune.model.snapshot import Server, Snapshot
from dbtune.model.workload import Statement
from dbtune.rules.reading import read_statement

INT = QualifiedName("pg_catalog", "int4")
TEXT = QualifiedName("pg_catalog", "text")
SNAPSHOT = Snapshot(
    Server("postgres", "17.0", 170000, "shop"),
    "2025-01-01T00:00:00+00:00",
    "0",
    schemas=("public",),
    tables=(
        Table(
            QualifiedName("public", "orders"),
            (
                Column("id", "integer", 1, type_name=INT, type_category="N", length=4),
                Column("status", "text", 2, type_name=TEXT, type_category="S"),
            ),
        ),
    ),
)
TEXT_OF_IT = "SELECT * FROM orders WHERE id = $1 AND status = $2"


def values(*samples: str) -> dict[str | None, str | None]:
    planned = read_statement(Statement("f", TEXT_OF_IT, samples=samples), SNAPSHOT)
    assert planned is not None
    return {predicate.column: predicate.value for use in planned.facts.uses for predicate in use.predicates}


def test_only_a_value_that_every_execution_has_is_a_constant() -> None:
    same, other = (f"SELECT * FROM orders WHERE id = {n} AND status = 'new'" for n in (1, 2))
    assert values(same) == {"id": "1", "status": "'new'"}
    assert values(same, other) == {"id": None, "status": "'new'"}


def test_executions_of_another_form_change_nothing() -> None:
    assert values("SELECT * FROM orders WHERE id = 1 AND status = 'new'", "SELECT 1")["id"] == "1"


def test_without_a_sample_there_is_no_constant() -> None:
    assert values() == {"id": None, "status": None}


def test_a_utility_statement_is_not_planned() -> None:
    assert read_statement(Statement("f", "VACUUM orders"), SNAPSHOT) is None
