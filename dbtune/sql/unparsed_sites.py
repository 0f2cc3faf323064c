"""Where the parameters of a statement stand that the parser does not know: read from the tokens around them."""

from __future__ import annotations

from dbtune.model.schema import Column
from dbtune.model.snapshot import Snapshot
from dbtune.sql.lexing import Token, tokens
from dbtune.sql.parsing import parameters
from dbtune.sql.sites import Role, Site

_ROLES: dict[str, Role] = {">": "lower", ">=": "lower", "<": "upper", "<=": "upper", "like": "prefix", "ilike": "infix"}


def guessed_sites(text: str, snapshot: Snapshot) -> dict[int, Site]:
    """Sites by parameter number: LIMIT, OFFSET, and a column of a table that the text names before an operator."""
    dialect = snapshot.server.dialect
    found = tokens(text, dialect)
    words = {token.word or token.spelling.strip('"`') for token in found if token.kind in ("word", "quoted")}
    columns: dict[str, Column] = {}
    for table in snapshot.tables:
        if table.name.name in words:
            columns.update({column.name: column for column in table.columns})
    places = [at for at, token in enumerate(found) if token.kind == "parameter"]
    numbered = parameters(text, dialect)
    return {parameter.number: _site(found, at, columns) for parameter, at in zip(numbered, places, strict=True)}


def _site(found: list[Token], at: int, columns: dict[str, Column]) -> Site:
    before = found[at - 1] if at else None
    if before is not None and before.word in ("limit", "first", "next"):
        return Site("limit")
    if before is not None and before.word == "offset":
        return Site("offset")
    cast = found[at + 2].spelling if at + 2 < len(found) and found[at + 1].spelling == "::" else ""
    for distance in range(1, 6):
        token = found[at - distance] if at >= distance else None
        if token is None or token.word in ("and", "or", "where", "select", "values", "set"):
            break
        column = columns.get(token.word or token.spelling.strip('"`')) if token.kind in ("word", "quoted") else None
        if column is not None:
            operator = found[at - distance + 1]
            role = _ROLES.get(operator.word or operator.spelling, "equal")
            return Site("array" if before is not None and _is_quantified(found, at) else role, column, column.type)
    return Site("unknown", type=cast)


def _is_quantified(found: list[Token], at: int) -> bool:
    return at >= 2 and found[at - 1].spelling == "(" and found[at - 2].word in ("any", "all", "some")
