"""The JSON Schema of the JSON report. ``python -m dbtune.report.schema > docs/report.schema.json`` renews it."""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec

from dbtune.model import digest, location, migration, names, recommendation, risk, workload
from dbtune.model.recommendation import REPORT_VERSION, Report

NOUNS = (recommendation, risk, digest, workload, migration, location, names)
"""Modules whose nouns stand in a report."""

SCHEMA_ID = "https://dbtune.readthedocs.io/report.schema.json"


def report_schema() -> dict[str, Any]:
    """The schema, as draft 2020-12. Fields may be added within a version: unknown ones are allowed."""
    schema = described(msgspec.json.schema(Report))
    schema["$defs"]["Report"]["properties"]["version"] = {"const": REPORT_VERSION}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of nouns of the model with every field required, and the texts below the fields as descriptions."""
    for name, definition in schema["$defs"].items():
        descriptions = _field_descriptions(name)
        # every field is always written, also those that have a default for the readers of older files
        definition["required"] = list(definition["properties"])
        for field_name, field in definition["properties"].items():
            field.pop("default", None)
            if field_name in descriptions:
                field["description"] = descriptions[field_name]
    return schema


def _field_descriptions(name: str) -> Mapping[str, str]:
    """The texts below the fields of a noun: Python does not keep them, so they are read from the source."""
    noun = next(getattr(module, name) for module in NOUNS if hasattr(module, name))
    body = ast.parse(inspect.getsource(noun)).body[0].body  # type: ignore[attr-defined]
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def schema_text() -> str:
    """The schema as the file in docs/ holds it."""
    return json.dumps(report_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
