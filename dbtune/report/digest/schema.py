"""The JSON Schema of the JSON digest. ``python -m dbtune.report.digest.schema > docs/digest.schema.json`` renews it."""

from __future__ import annotations

import json
import sys
from typing import Any

import msgspec

from dbtune.model.digest import Digest
from dbtune.report.digest.json import DIGEST_VERSION
from dbtune.report.schema import described

SCHEMA_ID = "https://dbtune.readthedocs.io/digest.schema.json"


def digest_schema() -> dict[str, Any]:
    """The schema, as draft 2020-12. Fields may be added within a version: unknown ones are allowed."""
    schema = described(msgspec.json.schema(Digest))
    fields = schema["$defs"]["Digest"]
    fields["properties"] = {
        "version": {"const": DIGEST_VERSION},
        "dbtune": {"type": "string"},
        **fields["properties"],
    }
    fields["required"] = ["version", "dbtune", *fields["required"]]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def schema_text() -> str:
    """The schema as the file in docs/ holds it."""
    return json.dumps(digest_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
