"""The workload of a MySQL or MariaDB server as its program would send it once it has followed the advice on hints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbtune.connect.mysql_abilities import ServerVersion
from dbtune.model.names import QualifiedName
from dbtune.model.recommendation import Aside, Report
from dbtune.model.workload import Statement, Workload
from dbtune.rules.mysql_hinting import Hinting
from dbtune.rules.mysql_tables import hinted_indexes
from dbtune.rules.query.keep_index_out import RULE

MISSING = "index.missing"


def hinted(workload: Workload, report: Report, version: ServerVersion) -> Workload:
    """With the hints that the report recommends in the statements' samples, under the same fingerprints."""
    kept_out = {
        statement.fingerprint: _named(report, one.sql.asides)
        for one in report.recommendations
        if one.rule == RULE
        for statement in one.evidence.statements
    }
    hinting = Hinting.of(version)

    def changed(statement: Statement) -> Statement:
        edit = hinting.edit(kept_out.get(statement.fingerprint, ()))
        return replace(statement, samples=tuple(edit(sample) or sample for sample in statement.samples))

    return replace(workload, statements=tuple(map(changed, workload.statements)))


def _named(report: Report, asides: Sequence[Aside]) -> list[tuple[QualifiedName, str]]:
    """The report's new indexes that the statements' hints name."""
    names = {name for aside in asides for name in hinted_indexes(aside.text)}
    new = (one.object for one in report.recommendations if one.rule == MISSING)
    return [
        (QualifiedName(o.schema, o.table), o.index) for o in new if o.index is not None and o.index.lower() in names
    ]
