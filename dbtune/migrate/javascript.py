"""How the JavaScript files of a project are written: their ending, and whether they are ES modules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from dbtune.migrate.project import is_module_project
from dbtune.migrate.versions import file_names

ENDINGS = (".js", ".cjs", ".mjs", ".ts")


@dataclass(frozen=True)
class Style:
    ending: str
    module: bool

    @property
    def typed(self) -> bool:
        return self.ending == ".ts"


def style_of(root: Path, folder: Path, configuration: Path | None = None) -> Style:
    """As most of the migrations there; else as the tool's configuration file, else JavaScript."""
    suffixes = Counter(Path(name).suffix for name in file_names(folder))
    known = [(count, ending) for ending, count in suffixes.items() if ending in ENDINGS]
    if known:
        ending = max(known)[1]
    else:
        ending = ".ts" if configuration is not None and configuration.suffix == ".ts" else ".js"
    module = ending in (".mjs", ".ts") or (ending == ".js" and is_module_project(root))
    return Style(ending, module)
