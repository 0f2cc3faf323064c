"""Every event once, in order, whole: whatever the pieces, the blocks and the compression."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dbtune.logs.cutting import NULS, TOO_LONG, Cutter, pieces_of
from dbtune.logs.registry import wrappers
from dbtune.logs.sources import CUT_SHORT, compression_of, find_logs
from dbtune.model.errors import UsageError
from tests.logs.toy import TOY, ToyReader, log_of

EVENTS = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0\r\ufeff"), max_size=40).map(
        lambda text: text.replace("\n", "\n ")
    ),
    max_size=30,
)
SETTLED = settings(deadline=None, max_examples=150)


def events_of(
    path: Path, *, piece_bytes: int = 1 << 20, read_bytes: int = 1 << 20, wrapper: str | None = None
) -> list[bytes]:
    (log,), _ = find_logs([str(path)])
    recognised = replace(TOY, wrapper=None if wrapper is None else wrappers()[wrapper])
    found: list[bytes] = []
    for piece in pieces_of(log, recognised, 0, piece_bytes):
        reader = ToyReader()
        for block in Cutter(piece, read_bytes=read_bytes, priming_bytes=64).blocks():
            if not block.priming:
                found += reader.read(block.content).texts
    return found


@given(EVENTS, st.integers(1, 400), st.integers(1, 300))
@SETTLED
def test_pieces_and_blocks_lose_nothing(events: list[str], piece_bytes: int, read_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(log_of(events))
        found = events_of(path, piece_bytes=piece_bytes, read_bytes=read_bytes)
    assert found == [f"> {event}".rstrip("\n").encode() for event in events]


@given(EVENTS, st.integers(1, 400), st.integers(1, 300))
@SETTLED
def test_nor_with_an_envelope(events: list[str], piece_bytes: int, read_bytes: int) -> None:
    wrapped = b"".join(b"db-1  | " + line + b"\n" for line in log_of(events).split(b"\n")[:-1])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(wrapped)
        found = events_of(path, piece_bytes=piece_bytes, read_bytes=read_bytes, wrapper="compose")
    assert found == [f"> {event}".rstrip("\n").encode() for event in events]


COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_compressed_logs_in_several_parts(name: str, tmp_path: Path) -> None:
    compress = COMPRESSIONS[name]
    events = [f"event {at}" for at in range(5000)]
    # as logrotate and pigz leave them: one stream after the other
    (tmp_path / "log").write_bytes(compress(log_of(events[:2000])) + compress(log_of(events[2000:])))
    (log,), _ = find_logs([str(tmp_path / "log")])
    assert log.compression == name
    assert log.head().startswith(b"> event 0\n")
    assert events_of(tmp_path / "log", read_bytes=1000) == [f"> {event}".encode() for event in events]


@pytest.mark.parametrize("name", COMPRESSIONS)
def test_a_compressed_log_cut_short_gives_what_there_is(name: str, tmp_path: Path) -> None:
    packed = COMPRESSIONS[name](log_of([f"event {at * 7919 % 100_003}" for at in range(100_000)]))
    (tmp_path / "log").write_bytes(packed[: len(packed) * 3 // 4])
    (log,), _ = find_logs([str(tmp_path / "log")])
    (piece,) = pieces_of(log, TOY, 0)
    cutter = Cutter(piece)
    found = [text for block in cutter.blocks() for text in ToyReader().read(block.content).texts]
    assert 100 < len(found) < 100_000
    assert found[:2] == [b"> event 0", b"> event 7919"]
    assert cutter.skipped[CUT_SHORT] == 1


def test_standard_input_is_read_from_its_start(tmp_path: Path) -> None:
    content = gzip.compress(log_of([f"event {at}" for at in range(100)]))
    (log,), _ = find_logs(["-"], io.BytesIO(content))
    assert (log.compression, log.size) == ("gzip", None)
    assert log.head().startswith(b"> event 0")
    (piece,) = pieces_of(log, TOY, 0)
    blocks = list(Cutter(piece, log.stream()).blocks())
    assert b"".join(block.content for block in blocks).count(b"> event") == 100


def test_an_event_without_end_is_cut_and_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"> one\n> " + b"x" * 50_000 + b"\n> three\n" + b"> four\n" * 500)
    (log,), _ = find_logs([str(tmp_path / "log")])
    (piece,) = pieces_of(log, TOY, 0)
    cutter = Cutter(piece, read_bytes=512, longest_event=10_000, kept_of_longest=100)
    found = [text for block in cutter.blocks() for text in ToyReader().read(block.content).texts]
    assert found[0] == b"> one"
    assert len(found[1]) == 100
    assert found[2:] == [b"> three"] + [b"> four"] * 500
    assert cutter.skipped[TOO_LONG] == 1


def test_a_hole_of_nuls_is_dropped_and_counted(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\0" * 10_000 + b"> one\n> t\0\0wo\n")
    (log,), _ = find_logs([str(tmp_path / "log")])
    (piece,) = pieces_of(log, TOY, 0)
    cutter = Cutter(piece)
    assert [text for block in cutter.blocks() for text in ToyReader().read(block.content).texts] == [b"> one", b"> two"]
    assert cutter.skipped[NULS] == 2


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"\xef\xbb\xbf> one\n")
    assert events_of(tmp_path / "log") == [b"> one"]


def test_names_lead_to_files_each_once(tmp_path: Path) -> None:
    for name in ("a.log", "b.log", "sub/c.log", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("> x\n")
    found, limits = find_logs([str(tmp_path), str(tmp_path / "*.log"), str(tmp_path / "**/c.log")])
    assert [Path(log.name).name for log in found] == ["a.log", "b.log", "c.log"]
    assert limits == []


@pytest.mark.parametrize("name", ["missing.log", "*.nothing", "empty"])
def test_a_name_that_leads_nowhere_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=name.replace("*", r"\*")):
        find_logs([str(tmp_path / name)])


def test_compression_is_told_by_the_content() -> None:
    assert compression_of(b"> plain") is None
    assert {compression_of(compress(b"x" * 99)) for compress in COMPRESSIONS.values()} == set(COMPRESSIONS)
