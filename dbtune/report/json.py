"""The report for programs: exactly ``dbtune.model.recommendation.Report`` (docs/report.schema.json)."""

from __future__ import annotations

import msgspec

from dbtune.model.errors import UsageError
from dbtune.model.recommendation import REPORT_VERSION, Report
from dbtune.report.registry import report_format


@report_format("json", ".json")
def write(report: Report) -> str:
    """The report as JSON text, its ``version`` first, indented by two."""
    fields = msgspec.to_builtins(report)
    return msgspec.json.format(msgspec.json.encode({"version": fields["version"], **fields}), indent=2).decode() + "\n"


def read(text: str | bytes, name: str = "the report") -> Report:
    """A report read back. Raises UsageError where it is none, or was written by a newer dbtune."""
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version > REPORT_VERSION:
            raise UsageError(f"{name}: written by a newer dbtune (report version {version}); update dbtune to read it")
        return msgspec.json.decode(text, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{name}: not a report of dbtune ({error})") from error


class _Version(msgspec.Struct):
    version: int
