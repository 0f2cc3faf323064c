"""Texts in the languages of the files: strings that mean what they should, comments that order nothing, versions."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from dbtune.migrate import versions
from dbtune.migrate.planning import words
from dbtune.migrate.rendering import commented, jdbc_statement, js_string, python_string, ruby_string

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=40)


@given(TEXTS)
def test_strings_of_python(text: str) -> None:
    assert eval(python_string(text)) == text


@given(st.text(st.sampled_from("ab'\"\\`${}\n:?;"), max_size=30))
def test_strings_of_python_with_all_that_is_special(text: str) -> None:
    assert eval(python_string(text)) == text


WORDS = st.sampled_from(
    ["migrate:down", "+goose Down", "!x", "rollback", "--", "coding=utf-7", "x", "depends: y", "é" * 60]
)


@given(st.lists(WORDS, max_size=40))
def test_comments_give_no_orders(text: list[str]) -> None:
    for line in commented([" ".join(text)]).splitlines():
        assert re.match(r"-- (?!migrate:|\+goose|!|rollback|depends)", line)


def test_strings_of_other_languages() -> None:
    assert js_string("a`b${c}\\d") == "`a\\`b\\${c}\\\\d`"
    assert ruby_string("it's #{x} \\n") == "'it\\'s #{x} \\\\n'"
    assert jdbc_statement("a ? 'b?' \"c?\" $x$ ? $x$ E'\\'?'") == "a ?? 'b?' \"c?\" $x$ ? $x$ E'\\'?'"


@given(st.lists(st.integers(1, 10**6).map(lambda number: str(number).zfill(6)), max_size=5), st.integers(1, 4))
def test_numbers_go_on(there: list[str], count: int) -> None:
    new = versions.numbers(there, count, 6)
    assert len(set(new)) == count
    assert sorted([*there, *new], key=int)[-count:] == new
    assert all(len(version) >= 6 for version in new)


@given(TEXTS)
def test_words_are_words(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]{0,72}", words(text))
