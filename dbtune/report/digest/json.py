"""The digest for programs: ``dbtune.model.digest.Digest`` (docs/digest.schema.json)."""

from __future__ import annotations

import msgspec

from dbtune import __version__
from dbtune.report.digest.registry import View, digest_format

DIGEST_VERSION = 1


@digest_format("json", ".json")
def write(view: View) -> str:
    """The digest as JSON text, its ``version`` first; with a comparison, what changed stands in ``changes``."""
    fields: dict[str, object] = {"version": DIGEST_VERSION, "dbtune": __version__}
    fields |= msgspec.to_builtins(view.written())
    if view.comparison is not None:
        fields["per_hour"] = view.comparison.per_hour
        fields["changes"] = [
            {
                "kind": change.kind,
                "fingerprint": change.fingerprint,
                "text": change.text,
                "calls_before": change.calls_before,
                "calls_after": change.calls_after,
                "ms_before": change.ms_before,
                "ms_after": change.ms_after,
                "mean_ms_before": None if change.before is None else change.before.mean_ms,
                "mean_ms_after": None if change.after is None else change.after.mean_ms,
            }
            for change in view.comparison.changes[: view.top]
        ]
    return msgspec.json.format(msgspec.json.encode(fields), indent=2).decode() + "\n"
