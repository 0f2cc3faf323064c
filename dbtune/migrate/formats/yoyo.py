"""yoyo: a file up and a rollback file beside it, after the migrations that no other depends on.

Source: yoyo-migrations, documentation, "Migrations as SQL scripts" and "Disabling transactions".
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dbtune.migrate.project import Batch, NewFile, Output, Place, folder_with, text_of
from dbtune.migrate.python_files import assigned, constant, parsed, words_in
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render
from dbtune.migrate.versions import file_names, leading_numbers, like_those_there

_DEPENDS = re.compile(r"^--\s*depends:(.*)$", re.MULTILINE)
_GENERATED = re.compile(r"(\d{8})_(\d\d)_\w{5}")
"""Names that ``yoyo new`` gives: a day, a number, five characters."""


def find(root: Path) -> Place | None:
    """``yoyo.ini`` and its ``sources``, or a ``.rollback.sql`` file."""
    if not (root / "yoyo.ini").is_file():
        return folder_with(root, "*.rollback.sql", "", "migrations")
    parser = configparser.ConfigParser(defaults={"here": str(root)})
    try:
        parser.read_string(text_of(root / "yoyo.ini"))
        sources = parser.defaults().get("sources", "migrations").split()
    except configparser.Error:
        sources = ["migrations"]
    return Place(root, root / sources[0], "yoyo.ini")


@migration_format("yoyo", title="yoyo", find=find)
def write(batch: Batch) -> Output:
    """``<id>.sql`` and ``<id>.rollback.sql``."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    depends: Sequence[str] = _leaves(batch.folder)
    for name in _names(batch):
        one = batch.migrations[name[0]]
        for ending, way in ((".sql", one.up), (".rollback.sql", one.down)):
            text = render(
                "yoyo.sql.j2",
                comments=one.comments,
                depends=depends if ending == ".sql" else (),
                statements=way.statements,
            )
            yield NewFile(batch.folder / f"{name[1]}{ending}", text)
        depends = (name[1],)


def _names(batch: Batch) -> Iterator[tuple[int, str]]:
    """In the way of the names there: yoyo's own, or counted up."""
    names = file_names(batch.folder, "*.sql") + file_names(batch.folder, "*.py")
    generated = [match for name in names if (match := _GENERATED.match(name)) is not None]
    there = leading_numbers(names)
    count = len(batch.migrations)
    if there and not generated:
        versions = like_those_there(there, batch.since, count, 4)
        yield from ((number, f"{versions[number]}_{one.name}") for number, one in enumerate(batch.migrations))
        return
    day = max([batch.since.strftime("%Y%m%d"), *(match[1] for match in generated)])
    first = max((int(match[2]) for match in generated if match[1] == day), default=0) + 1
    for number, one in enumerate(batch.migrations):
        yield number, f"{day}_{first + number:02}_{one.fingerprint[:5]}-{one.name.replace('_', '-')}"


def _leaves(folder: Path) -> tuple[str, ...]:
    names: set[str] = set()
    followed: set[str] = set()
    for name in file_names(folder, "*.sql"):
        if not name.endswith(".rollback.sql"):
            names.add(name.removesuffix(".sql"))
            followed.update(word for line in _DEPENDS.findall(text_of(folder / name)) for word in line.split())
    for name in file_names(folder, "*.py"):
        values = dict(assigned(parsed(folder / name).body))
        if "steps" in values or "__depends__" in values:
            names.add(name.removesuffix(".py"))
            followed.update(words_in(constant(values.get("__depends__"))))
    return tuple(sorted(names - followed))
