"""Texts by which the planner is asked about a statement: its samples, or its text with values from the statistics.

Where executions with their literals are known, up to five different ones are planned, each with the same weight. Else
each parameter gets up to three values from the statistics of the column it is compared with (``representatives``),
and one text is made of the first values of all parameters, one of the second, and so on: which values come together
in one call cannot be known. Beside them stands the generic plan, which the server itself prefers for prepared
statements when it is no dearer. Values are put into the text where the placeholders stand; nothing else of it
changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from dbtune.ddl.quoting import literal
from dbtune.model.access import StatementFacts
from dbtune.model.snapshot import Snapshot
from dbtune.model.workload import Instance, Statement
from dbtune.sql.arguments import argument_literal
from dbtune.sql.facts import analyse
from dbtune.sql.mysql_parameters import mysql_values, unknown
from dbtune.sql.parsing import Parameter, Unparsable, parameters
from dbtune.sql.representatives import Representative, pool
from dbtune.sql.sites import Site, sites
from dbtune.sql.type_defaults import array_text, default_literal, default_text
from dbtune.sql.unparsed_sites import guessed_sites
from dbtune.sql.values import SQUASHED_MEMBERS
from dbtune.sql.values_of_columns import texts_of

MAX_SAMPLES = 5
MAX_REPRESENTATIVES = 3
GENERIC_WEIGHT = 0.2
"""Share of the generic plan: servers make it after five executions of a prepared statement, and keep it if it is no
dearer (``plan_cache_mode``, the manual, PREPARE); most drivers do not prepare by default."""

LIMIT = "20"
"""Rows of a page, for LIMIT $1."""

_UNIT = re.compile(r"\s+(?:year|month|day|hour|minute|second)\b", re.IGNORECASE)


def instances(statement: Statement, facts: StatementFacts, snapshot: Snapshot) -> tuple[Instance, ...]:
    """Texts to plan under the statement's search path, with weights that sum to 1."""
    made = _instances(statement, facts, snapshot)
    if not statement.search_path:
        return made
    return tuple(replace(instance, search_path=statement.search_path) for instance in made)


def _instances(statement: Statement, facts: StatementFacts, snapshot: Snapshot) -> tuple[Instance, ...]:
    dialect = snapshot.server.dialect
    samples = _spread(list(dict.fromkeys(statement.samples)), MAX_SAMPLES)
    if samples and not any(parameters(sample, dialect) for sample in samples):
        return tuple(Instance(sample, 1.0 / len(samples)) for sample in samples)
    text = samples[0] if samples else statement.text
    found = parameters(text, dialect)
    if not found or facts.kind == "utility":
        return (Instance(text),)
    places = _sites(text, snapshot, statement.search_path)
    if dialect != "postgres":
        known = mysql_values(found, _telling(found, places), facts, snapshot)
        if known is None:
            return unknown(text)
        return tuple(Instance(each, weight) for each, weight in _texts(text, found, known).items())
    values = _values(found, places, snapshot)
    texts = _texts(text, found, values)
    generic = generic_text(text, found, places)
    share = 1.0 if generic is None else 1.0 - GENERIC_WEIGHT
    made = [Instance(each, weight * share) for each, weight in texts.items()]
    if generic is not None:
        made.append(Instance(generic, GENERIC_WEIGHT, generic=True))
    return tuple(made)


def _spread(samples: list[str], count: int) -> list[str]:
    """So many of them, from the whole list."""
    if len(samples) <= count:
        return samples
    return [samples[at * len(samples) // count] for at in range(count)]


def _sites(text: str, snapshot: Snapshot, search_path: Sequence[str]) -> Mapping[int, Site]:
    try:
        parsed, gathered, _ = analyse(text, snapshot, search_path or None)
    except Unparsable:
        return guessed_sites(text, snapshot)
    return sites(parsed, gathered)


def _values(
    found: Sequence[Parameter], places: Mapping[int, Site], snapshot: Snapshot
) -> dict[int, list[Representative]]:
    """Literals (as SQL) for each parameter."""
    values: dict[int, list[Representative]] = {}
    for parameter, site in zip(found, _telling(found, places), strict=True):
        if parameter.squashed:
            values[parameter.number] = [Representative(_list(site, snapshot), 1.0)]
            continue
        literals = _literals(site, snapshot, typed=bool(parameter.type_name)) or [Representative("NULL", 1.0)]
        own = places.get(parameter.number, site)
        if own.function == "cast" and own.type:
            literals = [Representative(f"{text}::{own.type}", weight) for text, weight in literals]
        values[parameter.number] = literals
    return values


def _telling(found: Sequence[Parameter], places: Mapping[int, Site]) -> list[Site]:
    """The site that decides over each parameter: parameters of one name share the most telling of their places."""
    best: dict[str, Site] = {}
    for parameter in found:
        site = places.get(parameter.number, Site("unknown", type=parameter.type_name))
        known = best.get(_name(parameter))
        if known is None or _rank(site) > _rank(known):
            best[_name(parameter)] = site
    return [best[_name(parameter)] for parameter in found]


def _name(parameter: Parameter) -> str:
    """Parameters of one name have one value; each ``?`` and ``%s`` is its own."""
    anonymous = parameter.spelling in ("?", "%s")
    return f"{parameter.spelling}{parameter.number}" if anonymous else parameter.spelling


def _rank(site: Site) -> int:
    if site.role == "unknown":
        return 0
    return 3 if site.column is not None else 2 if site.type else 1


def _texts(text: str, found: Sequence[Parameter], values: Mapping[int, list[Representative]]) -> dict[str, float]:
    """The texts made of the k-th values of all parameters, with weights that sum to 1."""
    count = min(MAX_REPRESENTATIVES, max(len(each) for each in values.values()))
    made: dict[str, float] = {}
    for at in range(count):
        chosen = {number: each[min(at, len(each) - 1)] for number, each in values.items()}
        weights = [each[at].weight for each in values.values() if at < len(each) and len(each) > 1]
        each_text = substitute(text, found, {number: value.text for number, value in chosen.items()})
        made[each_text] = made.get(each_text, 0.0) + (sum(weights) / len(weights) if weights else 1.0)
    total = sum(made.values())
    return {each: weight / total for each, weight in made.items()} if total > 0 else dict.fromkeys(made, 1 / len(made))


def substitute(text: str, found: Sequence[Parameter], values: Mapping[int, str]) -> str:
    """The text with each placeholder replaced in its place."""
    pieces: list[str] = []
    end = 0
    for parameter in found:
        pieces += (text[end : parameter.start], values[parameter.number])
        end = parameter.end
    return "".join([*pieces, text[end:]])


def generic_text(text: str, found: Sequence[Parameter], places: Mapping[int, Site]) -> str | None:
    """The text for PREPARE, with ``$n`` for every placeholder; None where the server could not tell their types."""
    numbers: dict[str, int] = {}
    pieces: list[str] = []
    end = 0
    for parameter, telling in zip(found, _telling(found, places), strict=True):
        first = numbers.setdefault(_name(parameter), len(numbers) + 1)
        placeholder = f"${first}"
        if parameter.squashed:
            more = [numbers.setdefault(f"{first}/{at}", len(numbers) + 1) for at in range(1, SQUASHED_MEMBERS)]
            placeholder = ", ".join([placeholder, *(f"${number}" for number in more)])
        start = parameter.start
        own = places.get(parameter.number, telling)
        if parameter.type_name:  # ``interval $1`` is no SQL
            if _UNIT.match(text, parameter.end):
                return None
            start, placeholder = parameter.type_start, f"{placeholder}::{parameter.type_name}"
        elif _is_untypable(own):
            if _is_untypable(telling) or not telling.type:
                return None
            is_element = telling.role == "array" and not telling.type.endswith("[]")
            placeholder = f"{placeholder}::{telling.type}{'[]' if is_element else ''}"
        pieces += (text[end:start], placeholder)
        end = parameter.end
    return "".join([*pieces, text[end:]])


_UNTYPABLE_ROLES = frozenset({"argument", "interval", "row_order", "unknown", "number", "text", "contained", "array"})


def _is_untypable(site: Site) -> bool:
    """Whether the server cannot tell the type of a parameter from its place."""
    if site.type and site.role not in ("argument", "interval"):
        return site.function == "cast"
    return site.role in _UNTYPABLE_ROLES


def _list(site: Site, snapshot: Snapshot) -> str:
    """Members of a list that the server has folded."""
    members = pool(site.column, snapshot) if site.column else [default_text(site.type or "integer", snapshot) or "1"]
    chosen = members[:SQUASHED_MEMBERS]
    return ", ".join(literal(member) for member in chosen)


def _literals(site: Site, snapshot: Snapshot, *, typed: bool) -> list[Representative]:
    """Values for a parameter as SQL literals."""
    plain = _plain(site, snapshot, typed=typed)
    if plain is not None:
        return [Representative(plain, 1.0)]
    if site.column is None:
        return (
            [Representative(default_literal(site.type, snapshot), 1.0)] if site.type else [Representative("'1'", 1.0)]
        )
    return [Representative(literal(text), weight) for text, weight in texts_of(site, site.column, snapshot)]


def _plain(site: Site, snapshot: Snapshot, *, typed: bool) -> str | None:
    """Values that do not come from a column's statistics; None where the column or the type decides."""
    if typed and site.column is None:
        return default_literal(site.type, snapshot)
    if site.role in ("limit", "offset"):
        return LIMIT if site.role == "limit" else "0"
    if site.role == "number":
        return "1"
    if site.role == "interval":
        return "1" if site.type == "integer" else "interval '1 day'"
    if site.function == "time zone":
        return "'UTC'"
    if site.role == "condition":
        return "true"
    if site.role == "row_order":
        return "'1'::text"
    if site.role == "key":
        return "'{key}'" if site.type == "text[]" else "'key'"
    if site.role == "argument" and not site.type:
        return argument_literal(site.function, site.position, site.arguments, snapshot)
    if site.role == "array" and site.column is None:
        element = default_text(site.type.removesuffix("[]") or "integer", snapshot)
        return literal(array_text([element or "1"]))
    return None
