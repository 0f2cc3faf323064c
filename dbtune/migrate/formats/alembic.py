"""Alembic: revisions after the one head that there is, outside Alembic's transaction.

Source: Alembic, "Working with Branches"; ``MigrationContext.autocommit_block``; ``file_template`` in "Editing the .ini
File".
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dbtune.migrate.migration import NewIndex
from dbtune.migrate.project import Batch, NewFile, Output, Place, text_of
from dbtune.migrate.python_files import assigned, constant, parsed, words_in
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import docstring, python_string, render
from dbtune.model.errors import UsageError
from dbtune.model.text import in_comment

REVISION_LENGTH = 12
"""Characters, as Alembic's own; the column that keeps them holds 32."""
DEFAULT_TEMPLATE = "%(rev)s_%(slug)s"
DEFAULT_SLUG = 40


@dataclass(frozen=True)
class _Configuration:
    versions: tuple[Path, ...]
    template: str = DEFAULT_TEMPLATE
    slug_length: int = DEFAULT_SLUG
    sign: str = "alembic.ini"
    pattern: str = "*.py"
    """Of the revisions' files in the folders of versions."""


def find(root: Path) -> Place | None:
    """``alembic.ini``, ``[tool.alembic]`` in pyproject.toml, or ``env.py`` beside ``versions/``."""
    configuration = _configuration(root)
    return (
        None
        if configuration is None
        else Place(root, configuration.versions[0], configuration.sign, configuration.versions)
    )


@migration_format("alembic", title="Alembic", find=find, needs="alembic.ini and no env.py")
def write(batch: Batch) -> Output:
    """``<revision>_<name>.py``, each after the one before it."""
    configuration = _configuration(batch.place.root)
    assert configuration is not None  # find() found it
    head, folder = _head(configuration)
    files = tuple(_files(batch, configuration, head, folder or batch.folder))
    kept = "Alembic's --autogenerate drops indexes that no model has: each file says what to add to the model"
    return Output(files, (kept,) if any(one.index for one in batch.migrations) else ())


def _files(batch: Batch, configuration: _Configuration, head: str | None, folder: Path) -> Iterator[NewFile]:
    for number, one in enumerate(batch.migrations):
        revision = one.fingerprint[:REVISION_LENGTH]
        moment = batch.since + timedelta(seconds=number)
        yield NewFile(
            folder / f"{_file_name(configuration, revision, one.name, moment)}.py",
            render(
                "alembic.py.j2",
                title=docstring(one.title),
                revision=revision,
                down_revision=head,
                created=moment.strftime("%Y-%m-%d %H:%M:%S"),
                comments=one.comments[1:],
                model_line=_model_line(one.index),
                up=one.up.statements,
                down=one.down.statements,
            ),
        )
        head = revision


def _model_line(index: NewIndex | None) -> str:
    if index is None:
        return ""
    keys = [f"sa.desc({python_string(name)})" if down else python_string(name) for name, down in index.keys]
    include = f", postgresql_include=[{', '.join(map(python_string, index.include))}]" if index.include else ""
    return in_comment(f"sa.Index({python_string(index.name)}, {', '.join(keys)}{include})")


def _file_name(configuration: _Configuration, revision: str, name: str, moment: datetime) -> str:
    """As ``ScriptDirectory._rev_path`` names it."""
    values = {
        "rev": revision,
        "slug": name[: configuration.slug_length].rstrip("_"),
        "epoch": int(moment.timestamp()),
        **{part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")},
    }
    try:
        return configuration.template % values
    except (KeyError, ValueError, TypeError):
        return DEFAULT_TEMPLATE % values


def _configuration(root: Path) -> _Configuration | None:
    ini = root / "alembic.ini"
    if ini.is_file():
        return _from_ini(root, ini)
    if (root / "pyproject.toml").is_file() and "[tool.alembic]" in text_of(root / "pyproject.toml"):
        return _from_pyproject(root, root / "pyproject.toml")
    for folder in (root, root / "alembic", root / "migrations"):
        if (folder / "env.py").is_file() and (folder / "versions").is_dir():
            return _Configuration((folder / "versions",), sign=str((folder / "env.py").relative_to(root)))
    return None


def _from_ini(root: Path, ini: Path) -> _Configuration:
    parser = configparser.ConfigParser(defaults={"here": str(root)}, interpolation=None)
    try:
        parser.read_string(text_of(ini))
        section = dict(parser["alembic"])
    except (configparser.Error, KeyError) as error:
        raise UsageError(f"{ini}: not read as Alembic's configuration ({error.__class__.__name__})") from error
    # "%%" stands for "%", and "%(here)s" for the file's folder
    values = {name: value.replace("%(here)s", str(root)).replace("%%", "%") for name, value in section.items()}
    return _configured(root, values, "alembic.ini")


def _from_pyproject(root: Path, path: Path) -> _Configuration:
    try:
        table = tomllib.loads(text_of(path))["tool"]["alembic"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise UsageError(f"{path}: not read as TOML ({error})") from error
    values = {
        name: ";".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in table.items()
    }
    values = {name: value.replace("%(here)s", str(root)).replace("%%", "%") for name, value in values.items()}
    return _configured(root, values, "[tool.alembic]")


def _configured(root: Path, values: dict[str, str], sign: str) -> _Configuration:
    location = values.get("script_location", "")
    if not location or ":" in location:
        raise UsageError(f"{root}: {sign} names no script_location that is a folder; name it with --dir")
    script = root / location
    separator = {"space": " ", "newline": "\n", ":": ":", ";": ";", "os": ":"}.get(
        values.get("path_separator", values.get("version_path_separator", "")), r"[\s,;:]+"
    )
    named = re.split(separator if len(separator) > 1 else re.escape(separator), values.get("version_locations", ""))
    versions = tuple(root / one.strip() for one in named if one.strip()) or (script / "versions",)
    length = values.get("truncate_slug_length", "")
    return _Configuration(
        versions,
        values.get("file_template", DEFAULT_TEMPLATE),
        int(length) if length.isdigit() else DEFAULT_SLUG,
        sign,
        "**/*.py" if values.get("recursive_version_locations", "").lower() == "true" else "*.py",
    )


def _head(configuration: _Configuration) -> tuple[str | None, Path | None]:
    """The one revision that no other follows, and its folder. Raises UsageError where there are several."""
    places: dict[str, Path] = {}
    followed: set[str] = set()
    folders = configuration.versions
    for path in sorted(path for folder in folders for path in folder.glob(configuration.pattern)):
        values = dict(assigned(parsed(path).body))
        revision = constant(values.get("revision"))
        if not isinstance(revision, str):
            continue
        places[revision] = path.parent
        followed.update(words_in(constant(values.get("down_revision"))))
    # down_revision may be the first characters of a revision
    heads = [one for one in places if not any(one == name or (name and one.startswith(name)) for name in followed)]
    if len(heads) > 1:
        raise UsageError(
            f"{folders[0]}: Alembic has {len(heads)} heads ({', '.join(sorted(heads))}); "
            "run 'alembic merge heads' first, so that there is one to follow"
        )
    return (heads[0], places[heads[0]]) if heads else (None, None)
