"""Values of parameters, as the Postgres log gives them apart, put into the statement."""

from __future__ import annotations

import re

from dbtune.sql.lexing import tokens

_VALUE = re.compile(r"\$(?P<number>\d+) = (?P<value>NULL|'(?:[^']|'')*')(?P<cut>\.\.\.)?(?:, |\s*\Z)", re.DOTALL)
_LEAD = re.compile(r"\A\s*(?:[Pp]arameters?|Parameter|paramètres|параметры|parámetros|parâmetros|parametri)\s*:\s*")


def bound(text: str, detail: str) -> str:
    """The statement with the values of ``detail`` (``$1 = 'x', $2 = NULL``) in the places of its ``$n``.

    A parameter whose value is not there, or was cut short by ``log_parameter_max_length``, stays as it is.
    """
    values = {hit["number"]: hit["value"] for hit in _VALUE.finditer(_LEAD.sub("", detail)) if hit["cut"] is None}
    if not values:
        return text
    parts: list[str] = []
    at = 0
    for token in tokens(text):
        value = values.get(token.spelling[1:]) if token.kind == "parameter" and token.spelling[0] == "$" else None
        if value is not None:
            parts += [text[at : token.start], value]
            at = token.end
    return "".join(parts) + text[at:]
