"""A Django project's apps, models and migrations, read from its files without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbtune.migrate.project import files_below
from dbtune.migrate.python_files import assigned, constant, parsed
from dbtune.model.errors import UsageError

RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ParentalKey"})
"""Fields whose column has ``_id`` after the field's name."""
NO_COLUMN = frozenset({"ManyToManyField", "GenericForeignKey", "GenericRelation", "ParentalManyToManyField"})


@dataclass(frozen=True)
class Model:
    """A model: its class, its table, and the field of each column."""

    name: str
    table: str
    fields: dict[str, str]
    """Column to field."""
    path: Path


@dataclass(frozen=True)
class App:
    """An app with migrations."""

    label: str
    folder: Path
    models: tuple[Model, ...]

    @property
    def migrations(self) -> Path:
        return self.folder / "migrations"

    def model_of(self, table: str) -> Model | None:
        return next((model for model in self.models if model.table == table), None)


def apps_below(root: Path) -> tuple[App, ...]:
    """Every app of the project that has a ``migrations`` package."""
    folders = sorted({path.parent.parent for path in files_below(root) if _starts_migrations(path)})
    return tuple(_app(folder) for folder in folders)


def _starts_migrations(path: Path) -> bool:
    return path.name == "__init__.py" and path.parent.name == "migrations"


def _app(folder: Path) -> App:
    label = _label(folder)
    files = [folder / "models.py", *sorted((folder / "models").glob("*.py"))]
    models = (model for path in files if path.is_file() for model in _models(path, label))
    return App(label, folder, tuple(models))


def _label(folder: Path) -> str:
    """``label`` of the AppConfig, else the folder's name."""
    path = folder / "apps.py"
    if path.is_file():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                label = constant(dict(assigned(node.body)).get("label"))
                if isinstance(label, str):
                    return label
    return folder.name


def _models(path: Path, label: str) -> Iterator[Model]:
    for node in parsed(path).body:
        if not isinstance(node, ast.ClassDef):
            continue
        meta = next((one for one in node.body if isinstance(one, ast.ClassDef) and one.name == "Meta"), None)
        options = {name: constant(value) for name, value in assigned(meta.body)} if meta is not None else {}
        if options.get("abstract") or options.get("proxy"):
            continue
        table = options.get("db_table")
        name = table.strip('"') if isinstance(table, str) else f"{label}_{node.name.lower()}"
        yield Model(node.name, name, dict(_columns(node)), path)


def _columns(model: ast.ClassDef) -> Iterator[tuple[str, str]]:
    yield "id", "id"
    for field, value in assigned(model.body):
        if not isinstance(value, ast.Call):
            continue
        kind = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        if kind in NO_COLUMN or not kind.endswith(("Field", "Key")):
            continue
        named = next((constant(word.value) for word in value.keywords if word.arg == "db_column"), None)
        yield (named if isinstance(named, str) else f"{field}_id" if kind in RELATIONS else field), field


def leaf_of(app: App) -> str | None:
    """The app's last migration; None where it has none yet. Raises UsageError where there are several."""
    names: set[str] = set()
    followed: set[str] = set()
    for path in sorted(app.migrations.glob("*.py")):
        body = _migration_class(parsed(path))
        if body is None:
            continue
        names.add(path.stem)
        values = dict(assigned(body))
        for part in ("dependencies", "replaces"):
            followed.update(
                name for label, name in _pairs(values.get(part)) if label == app.label and name != path.stem
            )
    leaves = sorted(names - followed)
    if len(leaves) > 1:
        raise UsageError(
            f"{app.migrations}: {len(leaves)} leaf migrations ({', '.join(leaves)}); "
            "run 'manage.py makemigrations --merge' first, so that there is one to follow"
        )
    return leaves[0] if leaves else None


def _migration_class(tree: ast.Module) -> list[ast.stmt] | None:
    return next((node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Migration"), None)


def _pairs(value: ast.expr | None) -> Iterator[tuple[str, str]]:
    for element in getattr(value, "elts", ()):
        pair = constant(element)
        if isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(word, str) for word in pair):
            yield pair
