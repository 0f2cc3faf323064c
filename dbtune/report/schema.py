"""The JSON Schema of the JSON report. ``python -m dbtune.report.schema > docs/report.schema.json`` renews it."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from dbtune.model.recommendation import REPORT_VERSION, Report

SCHEMA_ID = "https://dbtune.readthedocs.io/report.schema.json"


def report_schema() -> dict[str, Any]:
    """The schema, as draft 2020-12. Fields may be added within a version: unknown ones are allowed."""
    schema = msgspec.json.schema(Report)
    definitions = schema["$defs"]
    for definition in definitions.values():
        # every field is always written, also those that have a default for the readers of older files
        definition["required"] = list(definition["properties"])
        for field in definition["properties"].values():
            field.pop("default", None)
    definitions["Report"]["properties"]["version"] = {"const": REPORT_VERSION}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def schema_text() -> str:
    """The schema as the file in docs/ holds it."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
