"""Python files of a project as syntax trees: read, never run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from dbtune.model.errors import UsageError


def parsed(path: Path) -> ast.Module:
    """The file's tree. Raises UsageError where it is no Python."""
    try:
        return ast.parse(path.read_bytes(), str(path))
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path}: not read as Python ({error})") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def assigned(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """``name = value`` and ``name: type = value``, in order."""
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
        elif isinstance(node, ast.Assign):
            yield from ((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))


def constant(node: ast.expr | None) -> object:
    """What a literal expression is; None for any other."""
    if node is None:
        return None
    try:
        value: object = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value


def words_in(value: object) -> tuple[str, ...]:
    """A string, or several, as a tuple."""
    if isinstance(value, str):
        return (value,)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, tuple | list | set) else ()
