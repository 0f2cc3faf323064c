"""Rails: a migration outside a transaction; an index on plain columns by ``add_index``, all else as SQL.

Source: Rails, "Active Record Migrations"; ActiveRecord::ConnectionAdapters::SchemaStatements, ``add_index``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dbtune.migrate.migration import Migration, NewIndex
from dbtune.migrate.project import Batch, NewFile, Output, Place, text_of
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import render, ruby_string
from dbtune.migrate.versions import file_names, leading_numbers, timestamps

OLDEST = "6.1"
"""The version whose migrations are written where nothing tells of a later one: it has ``if_not_exists``."""

_VERSION = re.compile(r"ActiveRecord::Migration\[(\d+\.\d+)\]")
_READABLE = re.compile(r"\w+\.\w+\Z")
_LOCKED = re.compile(r"^    (?:activerecord|rails) \((\d+\.\d+)", re.MULTILINE)


def find(root: Path) -> Place | None:
    """``db/migrate`` with Ruby files, or beside a Gemfile."""
    folder = root / "db" / "migrate"
    if not folder.is_dir():
        return None
    if (root / "Gemfile").is_file():
        return Place(root, folder, "Gemfile and db/migrate")
    return Place(root, folder, "db/migrate") if file_names(folder, "*.rb") else None


@migration_format("rails", title="Rails", find=find, needs="db/migrate")
def write(batch: Batch) -> Output:
    """``db/migrate/20250131123456_name.rb``."""
    return Output(tuple(_files(batch)))


def _files(batch: Batch) -> Iterator[NewFile]:
    there = leading_numbers(file_names(batch.folder, "*.rb"))
    version = _version(batch)
    locked = text_of(batch.place.root / "Gemfile.lock")
    guarded = "strong_migrations" in locked + text_of(batch.place.root / "Gemfile")
    for moment, one in zip(timestamps(there, batch.since, len(batch.migrations)), batch.migrations, strict=True):
        text = render(
            "rails.rb.j2",
            comments=one.comments,
            class_name="".join(word.capitalize() for word in one.name.split("_")),
            version=version,
            directions=(("up", _up(one)), ("down", _down(one))),
            guarded=guarded,
        )
        yield NewFile(batch.folder / f"{moment}_{one.name}.rb", text)


def _version(batch: Batch) -> str:
    """Of the newest migrations there, else of Gemfile.lock."""
    texts = (text_of(batch.folder / name) for name in file_names(batch.folder, "*.rb"))
    found = [version for text in texts for version in _VERSION.findall(text)]
    found += _LOCKED.findall(text_of(batch.place.root / "Gemfile.lock"))
    return max(found, key=lambda version: tuple(map(int, version.split("."))), default=OLDEST)


def _by_rails(one: Migration) -> NewIndex | None:
    """The index, where Rails can read its table's name, and has words for it (``include`` came with 7.1)."""
    index = one.index
    if index is None or index.include or not _READABLE.match(f"{index.schema}.{index.table}"):
        return None
    return index


def _up(one: Migration) -> list[str]:
    index = _by_rails(one)
    if index is None:
        return [_execute(sql) for sql in one.up.statements]
    build = _add_index(index)
    return [*map(_execute, one.up.before), build, *map(_execute, one.up.after)]


def _down(one: Migration) -> list[str]:
    index = _by_rails(one)
    if index is None:
        return [_execute(sql) for sql in one.down.statements]
    table = ruby_string(f"{index.schema}.{index.table}")
    drop = f"remove_index {table}, name: {ruby_string(index.name)}, algorithm: :concurrently, if_exists: true"
    return [*map(_execute, one.down.before), drop, *map(_execute, one.down.after)]


def _add_index(index: NewIndex) -> str:
    columns = ", ".join(ruby_string(name) for name, _ in index.keys)
    down = ", ".join(f"{ruby_string(name)} => :desc" for name, descending in index.keys if descending)
    words = [
        f"add_index {ruby_string(f'{index.schema}.{index.table}')}, [{columns}]",
        *([f"order: {{ {down} }}"] if down else []),
        f"name: {ruby_string(index.name)}",
        "algorithm: :concurrently",
        "if_not_exists: true",
    ]
    return ", ".join(words)


def _execute(sql: str) -> str:
    if "\n" not in sql and "'" not in sql and "\\" not in sql:
        return f"execute '{sql}'"
    tag = "SQL"
    while tag in sql.split():
        tag += "_"
    lines = "\n".join(f"  {line}".rstrip() for line in sql.splitlines())
    return f"execute <<~'{tag}'\n{lines}\n{tag}"
