"""Every output of the hand-made reports against its stored text in ``expected/``.

After a wanted change: ``DBTUNE_UPDATE_EXPECTED=1 pytest tests/report``, then read the difference like code.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from dbtune.model.recommendation import Change, Report
from dbtune.report.picture import picture
from dbtune.report.registry import formats
from dbtune.report.terminal import render
from tests.report.samples import CHECKED, EMPTY, HOSTILE, MISSING, PHASED, USUAL

EXPECTED = Path(__file__).parent / "expected"
REPORTS = {"usual": USUAL, "phased": PHASED, "checked": CHECKED, "empty": EMPTY, "hostile": HOSTILE}


def assert_as_stored(text: str, name: str) -> None:
    path = EXPECTED / name
    if os.environ.get("DBTUNE_UPDATE_EXPECTED"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def rendered(report: Report, width: int, *, verbose: bool = False) -> str:
    text = StringIO()
    render(report, Console(file=text, width=width, color_system=None, markup=False, highlight=False), verbose=verbose)
    return text.getvalue()


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("form", ["json", "markdown", "sql", "down-sql", "terminal"])
def test_each_format_writes_what_is_stored(report: str, form: str) -> None:
    assert_as_stored(formats()[form].write(REPORTS[report]), f"{report}.{form}.txt")


@pytest.mark.parametrize("width", [50, 100])
def test_terminal_at_a_width(width: int) -> None:
    assert_as_stored(rendered(USUAL, width), f"usual.terminal-{width}.txt")


def test_phases_are_told_in_short_on_a_terminal() -> None:
    assert_as_stored(rendered(PHASED, 100), "phased.terminal-100.txt")


def test_nothing_of_a_phased_change_runs_in_passing() -> None:
    """It is all in the SQL file, commented out; the way back runs what the way there runs."""
    for form in ("sql", "down-sql"):
        text = formats()[form].write(PHASED)
        assert not [line for line in text.splitlines() if "orders_history" in line and not line.startswith("-- ")]
    assert "-- ALTER TABLE public.orders RENAME TO orders_history;" in formats()["sql"].write(PHASED)
    assert PHASED.recommendations[1].sql.up[1:] == (
        "BEGIN",
        "ALTER TABLE public.orders RENAME TO orders_history",
        "DO $x$\nBEGIN\n  NULL;\nEND\n$x$",
        "COMMIT",
    )


def test_only_sql_is_wider_than_a_narrow_terminal() -> None:
    wide = [line for line in rendered(USUAL, 60).splitlines() if len(line) > 60]
    assert wide
    assert all("INDEX CONCURRENTLY" in line for line in wide)


def test_colours_on_a_terminal_and_the_same_words_without_them() -> None:
    text = StringIO()
    coloured = Console(file=text, width=100, force_terminal=True, color_system="standard", markup=False)
    render(USUAL, coloured)
    assert "\x1b[1mIndex orders" in text.getvalue()  # bold, and not dim as the number before it
    assert "\x1b[" not in rendered(USUAL, 100)


def test_verbose_shows_every_statement_and_limit() -> None:
    short, full = rendered(USUAL, 100), rendered(USUAL, 100, verbose=True)
    assert "and 1 more statement" in short
    assert "SELECT count(*) FROM orders" not in short
    assert "SELECT count(*) FROM orders" in full
    assert "and 1 more" not in full
    assert USUAL.recommendations[1].reason not in short  # a low one stays short
    assert USUAL.recommendations[1].reason in full


@pytest.mark.parametrize("form", ["markdown", "sql", "down-sql", "terminal"])
def test_no_text_of_others_reaches_the_screen_as_control_characters(form: str) -> None:
    written = formats()[form].write(HOSTILE)
    assert not [character for character in written if ord(character) < 32 and character != "\n"]
    assert not {"\x9b", "\x7f", "\u202e"} & set(written)


def test_markdown_keeps_foreign_html_mentions_and_tables_in_their_place() -> None:
    written = formats()["markdown"].write(HOSTILE)
    outside_code = [line for line in written.splitlines() if "`" not in line.replace("\\`", "")]
    assert not [line for line in outside_code if "<script" in line or "@octocat" in line]
    assert not [line for line in outside_code if line.startswith("; DROP")]


def test_nothing_but_the_ups_runs_in_the_sql_file() -> None:
    def running(text: str) -> list[str]:
        return [line for line in text.splitlines() if line and not line.startswith("--")]

    assert running(formats()["sql"].write(HOSTILE)) == ["SELECT 1;"]
    assert running(formats()["sql"].write(USUAL)) == [f"{one};" for r in USUAL.recommendations for one in r.sql.up]
    downs = [f"{one};" for r in reversed(USUAL.recommendations) for one in r.sql.down]
    assert running(formats()["down-sql"].write(USUAL)) == downs


def test_comments_of_the_sql_file_are_ascii_where_the_texts_are() -> None:
    assert formats()["sql"].write(USUAL).isascii()
    assert formats()["down-sql"].write(USUAL).isascii()


def test_a_rebuild_stands_behind_what_must_not_be_stopped_by_it() -> None:
    rebuild = replace(MISSING, title="Rebuild", sql=Change(("REINDEX INDEX CONCURRENTLY public.x",)))
    written = formats()["sql"].write(replace(USUAL, recommendations=(rebuild, MISSING)))
    assert written.index("CREATE INDEX") < written.index("REINDEX")
    assert "-- 1. Rebuild" in written  # the number is the same in every output


def test_the_picture_is_the_same_every_time_and_holds_the_whole_sql() -> None:
    svg = picture(USUAL, "dbtune analyze")
    assert svg == picture(USUAL, "dbtune analyze")
    ElementTree.fromstring(svg)
    words = re.sub(r"<[^>]*>", " ", svg).replace("&#160;", " ")
    assert "DESC)" in words  # the end of the longest line
    assert "http" not in re.sub(r'xmlns="[^"]*"|<!--.*?-->', "", svg)  # nothing is fetched where it is shown
    assert "2 more recommendations" in picture(USUAL, "dbtune analyze", first=1).replace("&#160;", " ")


def test_what_is_tried_before_and_what_is_run_instead_stand_in_every_form_and_run_by_themselves_in_none() -> None:
    change = Change(
        ("ALTER TABLE `t` DROP INDEX `i`",),
        ("ALTER TABLE `t` ADD KEY `i` (`a`)",),
        trial=("ALTER TABLE `t` ALTER INDEX `i` INVISIBLE",),
        trial_down=("ALTER TABLE `t` ALTER INDEX `i` VISIBLE",),
        tools=("pt-online-schema-change --alter 'x' D=shop,t='a\nDROP TABLE b;'",),
    )
    report = replace(USUAL, recommendations=(replace(MISSING, sql=change),))
    sql = formats()["sql"].write(report)
    running = [line for line in sql.splitlines() if line and not line.startswith("--")]
    assert running == ["ALTER TABLE `t` DROP INDEX `i`;"]
    for text in (sql, formats()["markdown"].write(report), rendered(report, 100)):
        assert all(words in text for words in ("INVISIBLE", "` VISIBLE", "pt-online-schema-change"))
