"""The workload of a MySQL or MariaDB server as its program would send it once it has followed the advice on hints."""

from __future__ import annotations

from dataclasses import replace

from dbtune.connect.mysql_abilities import ServerVersion
from dbtune.model.recommendation import Report
from dbtune.model.workload import Statement, Workload
from dbtune.rules.mysql_hinting import recommended_hints


def hinted(workload: Workload, report: Report, version: ServerVersion) -> Workload:
    """With the hints that the report recommends in the statements' samples, under the same fingerprints."""
    hints = recommended_hints(report, version)

    def changed(statement: Statement) -> Statement:
        edit = hints.get(statement.fingerprint)
        if edit is None:
            return statement
        return replace(statement, samples=tuple(edit(sample) or sample for sample in statement.samples))

    return replace(workload, statements=tuple(map(changed, workload.statements)))
