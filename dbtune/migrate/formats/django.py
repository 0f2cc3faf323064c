"""Django: a migration in the app whose model has the table, after the app's last one, outside a transaction.

An index on plain columns becomes ``AddIndexConcurrently``, so that Django knows it; ``Meta.indexes`` of the model needs
it too, or the next makemigrations removes it: the file says what to write there. All else is ``RunSQL``.
Source: Django, "Migration operations"; "Postgres specific database migration operations"; "Model index reference".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dbtune.ddl import guards, session
from dbtune.migrate.django_models import App, Model, apps_below, leaf_of
from dbtune.migrate.migration import Migration, NewIndex
from dbtune.migrate.project import Batch, NewFile, Output, Place
from dbtune.migrate.registry import migration_format
from dbtune.migrate.rendering import docstring, python_string, render
from dbtune.migrate.versions import file_names, leading_numbers, numbers
from dbtune.model.errors import UsageError
from dbtune.model.names import QualifiedName
from dbtune.model.text import in_comment

LONGEST_INDEX_NAME = 30
"""``Index.max_name_length``."""


@dataclass(frozen=True)
class Operations:
    """One RunSQL, or (``native``) the framework's own operation."""

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    native: bool = False


def find(root: Path) -> Place | None:
    """``manage.py``."""
    return Place(root, root, "manage.py") if (root / "manage.py").is_file() else None


@migration_format("django", title="Django", find=find, needs="manage.py", has_apps=True)
def write(batch: Batch) -> Output:
    """``<app>/migrations/0002_<name>.py``, each after the one before it in its app."""
    apps = apps_below(batch.folder)
    by_app: dict[str, list[Migration]] = {}
    for one in batch.migrations:
        by_app.setdefault(_app_of(one, apps, batch.app, batch.folder).label, []).append(one)
    files: list[NewFile] = []
    notes: list[str] = []
    for app in apps:
        for file, remark in _files(app, by_app.get(app.label, [])):
            files.append(file)
            notes += [f"add to Meta.indexes, or makemigrations removes it: {remark}"] if remark else []
    return Output(tuple(files), tuple(notes))


def _app_of(one: Migration, apps: tuple[App, ...], named: str | None, root: Path) -> App:
    """The app that has the table's model; else the one that the user named, or the only one."""
    owners = [app for app in apps if app.model_of(one.table) is not None]
    if len(owners) == 1:
        return owners[0]
    labels = ", ".join(app.label for app in apps) or "none has a migrations package"
    if named is not None:
        chosen = next((app for app in apps if app.label == named), None)
        if chosen is None:
            raise UsageError(f"{root}: no app '{named}' with migrations; there are: {labels}")
        return chosen
    if len(apps) != 1:
        raise UsageError(f"{root}: no model has the table {one.table}; name the app with --app ({labels})")
    return apps[0]


def _files(app: App, migrations: list[Migration]) -> Iterator[tuple[NewFile, str]]:
    leaf = leaf_of(app)
    if migrations and leaf is None:
        raise UsageError(f"{app.migrations}: no migration yet; run 'manage.py makemigrations {app.label}' first")
    versions = numbers(leading_numbers(file_names(app.migrations, "*.py")), len(migrations), 4)
    for version, one in zip(versions, migrations, strict=True):
        model = app.model_of(one.table)
        index = _django_index(one.index, model)
        name = f"{version}_{one.name}"
        remark = ""
        if index is not None and model is not None:
            remark = in_comment(f"{model.path.name}, class {model.name}: {_index_call(index, model)}")
        yield NewFile(app.migrations / f"{name}.py", _text(one, app, leaf, model, index, remark)), remark
        leaf = name


def _text(one: Migration, app: App, leaf: str | None, model: Model | None, index: NewIndex | None, remark: str) -> str:
    operation = ""
    operations = [Operations(one.up.statements, one.down.statements)]
    if index is not None and model is not None:
        operation = (
            f"AddIndexConcurrently(model_name={python_string(model.name.lower())}, index={_index_call(index, model)})"
        )
        # Django runs the operations backwards on the way down
        name = QualifiedName(index.schema, index.name)
        operations = [
            Operations((*session.WITHOUT_LIMITS, guards.drop_if_invalid(name)), session.LIMITS_AS_BEFORE),
            Operations(native=True),
            Operations((guards.require_valid(name), *session.LIMITS_AS_BEFORE), session.WITHOUT_LIMITS),
        ]
    return render(
        "django.py.j2",
        title=docstring(one.title),
        comments=one.comments[1:],
        remarks=(f"Add to Meta.indexes, or makemigrations removes it: {remark}",) if remark else (),
        operation=operation,
        operations=operations,
        dependencies=[(app.label, leaf)] if leaf is not None else [],
    )


def _django_index(index: NewIndex | None, model: Model | None) -> NewIndex | None:
    """The index under a name that Django takes; None where its fields are not all known."""
    if index is None or model is None or index.schema != "public":
        return None
    if any(column not in model.fields for column in (*(name for name, _ in index.keys), *index.include)):
        return None
    if len(index.name) <= LONGEST_INDEX_NAME:
        return index
    digest = hashlib.sha256(index.name.encode()).hexdigest()[:6]
    short = f"{index.name[: LONGEST_INDEX_NAME - 7].rstrip('_')}_{digest}"
    return replace(index, name=short)


def _index_call(index: NewIndex, model: Model) -> str:
    fields = [python_string(f"-{model.fields[name]}" if down else model.fields[name]) for name, down in index.keys]
    include = [python_string(model.fields[name]) for name in index.include]
    words = [f"fields=[{', '.join(fields)}]", f"name={python_string(index.name)}"]
    words += [f"include=[{', '.join(include)}]"] if include else []
    return f"models.Index({', '.join(words)})"
