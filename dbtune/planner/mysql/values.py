"""Values of decoded JSON, told apart by type: MySQL writes some numbers as strings, MariaDB writes null for "never"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from dbtune.model.errors import PlanFailed

JsonValue = object
"""A value as ``json.loads`` gives it."""

JsonObject = Mapping[str, JsonValue]


_STRINGS = re.compile(r"""(?P<opening>\s*"[^"]*":\ \[?)"(?P<content>.*)"(?P<ending>\]?,?)\Z""", re.VERBOSE)
"""A line of one member."""

_IN_A_JOIN = ("table", "block-nl-join", "duplicates_removal", "read_sorted_file")


def decode(text: str | bytes) -> JsonObject:
    """The object that the text holds, as MariaDB writes it too. Raises PlanFailed."""
    try:
        decoded: JsonValue = json.loads(text, object_pairs_hook=_object)
    except ValueError as error:
        try:
            decoded = json.loads(_escaped(text), object_pairs_hook=_object)
        except ValueError:
            raise PlanFailed(f"the server's EXPLAIN output is not JSON: {error}") from None
    if not isinstance(decoded, dict):
        raise PlanFailed("the server's EXPLAIN output holds no plan")
    return decoded


def _escaped(text: str | bytes) -> str:
    """MariaDB writes quotes and backslashes of strings as they are, each string or list of strings on its own line.

    Seen in 10.11 and 11.8 (``Json_writer::add_str`` in ``sql/my_json_writer.cc``).
    """
    lines = (text.decode() if isinstance(text, bytes) else text).splitlines()
    return "\n".join(_STRINGS.sub(_escaped_line, line) for line in lines)


def _escaped_line(line: re.Match[str]) -> str:
    opening, content, ending = line["opening"], line["content"], line["ending"]
    strings = content.split('", "') if opening.endswith("[") else [content]
    return opening + ", ".join(map(json.dumps, strings)) + ending


def _object(members: Sequence[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    """MariaDB repeats names: ``range`` in an index_merge (a list here), ``table`` in a join before 10.6 (here
    ``nested_loop``, as later versions write it)."""
    found = dict(members)
    if len(found) == len(members):
        return found
    for name in found:
        values = [value for key, value in members if key == name]
        if len(values) > 1:
            found[name] = values
    if sum(key in _IN_A_JOIN for key, _ in members) > 1:
        found["nested_loop"] = [{key: value} for key, value in members if key in _IN_A_JOIN]
        for name in _IN_A_JOIN:
            found.pop(name, None)
    return found


def number(value: JsonValue) -> float | None:
    """The number, also from a string such as ``"12.50"``, ``"2.5e+6"``."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None


def text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None


def texts(value: JsonValue) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def one(value: JsonValue) -> JsonObject | None:
    """The object, or None."""
    return value if isinstance(value, dict) else None


def many(value: JsonValue) -> tuple[JsonObject, ...]:
    """The objects of an array."""
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def entries(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Key and value of an object's members."""
    if isinstance(value, dict):
        yield from value.items()


def marks(source: JsonObject, words: Mapping[str, str]) -> str | None:
    """The words of those members that are there and true, in the order of ``words``."""
    return ", ".join(word for key, word in words.items() if source.get(key)) or None


def key_length(value: JsonValue) -> int | None:
    """Bytes of a key: ``8``; the sum of ``5,9`` (index_merge); the first of ``5:5`` (hash join)."""
    lengths = re.findall(r"\d+", str(value).partition(":")[0]) if isinstance(value, str | int) else []
    return sum(map(int, lengths)) if lengths else None
