"""The workload of a MySQL or MariaDB server as its program would send it once it has followed the advice on hints."""

from __future__ import annotations

from dataclasses import replace

from dbtune.connect.mysql_abilities import ServerVersion
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Report
from dbtune.model.workload import Statement, Workload
from dbtune.rules.mysql_hinting import Hinting
from dbtune.rules.query.keep_index_out import RULE


def hinted(workload: Workload, report: Report, version: ServerVersion) -> Workload:
    """With the hints that the report recommends in the statements' samples, under the same fingerprints."""
    indexes: dict[str, list[tuple[QualifiedName, str]]] = {}
    for one in report.recommendations:
        if one.rule == RULE and one.object.index is not None:
            kept = QualifiedName(one.object.schema, one.object.table), one.object.index
            for statement in one.evidence.statements:
                indexes.setdefault(statement.fingerprint, []).append(kept)
    hinting = Hinting.of(version)

    def changed(statement: Statement) -> Statement:
        edit = hinting.edit(indexes.get(statement.fingerprint, ()))
        return replace(statement, samples=tuple(edit(sample) or sample for sample in statement.samples))

    return replace(workload, statements=tuple(map(changed, workload.statements)))
