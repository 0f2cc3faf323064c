"""Formats by ending, and files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from dbtune.model.errors import UsageError
from dbtune.report.files import check_writable, write_atomically
from dbtune.report.registry import format_for, formats


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("r.json", "json"),
        ("R.JSON", "json"),
        ("r.md", "markdown"),
        ("advice.sql", "sql"),
        ("advice.down.sql", "down-sql"),
        ("r.txt", "terminal"),
    ],
)
def test_the_longest_ending_chooses_the_format(name: str, form: str) -> None:
    assert format_for(Path(name)) is formats()[form]


def test_an_unknown_ending_needs_a_format() -> None:
    with pytest.raises(UsageError, match=r"report\.doc.*\.json.*\.md.*\.sql"):
        format_for(Path("report.doc"))
    assert format_for(Path("report.doc"), "json").name == "json"
    assert format_for(Path("report.md"), "json").name == "markdown"


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")
    path.chmod(0o640)
    write_atomically(path, "né\n")
    assert path.read_bytes() == "né\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["report.md"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.md").symlink_to(tmp_path / "real.md")
    (tmp_path / "real.md").write_text("old")
    write_atomically(tmp_path / "link.md", "new")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_text() == "new"


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        check_writable(tmp_path / "missing" / "r.md")
    with pytest.raises(UsageError, match="not a regular file"):
        check_writable(tmp_path)
    os.mkfifo(tmp_path / "pipe.md")
    with pytest.raises(UsageError, match="not a regular file"):
        check_writable(tmp_path / "pipe.md")
    with pytest.raises(UsageError):
        check_writable(Path("/proc/report.md"))  # not even root may
    check_writable(tmp_path / "new.md")
    assert names(tmp_path) == ["pipe.md"]
