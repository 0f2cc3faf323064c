"""Snapshot files: written whole, private, and refused with a reason where they cannot be read."""

from __future__ import annotations

import gzip
import json
import stat
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
import zstandard

from dbtune.collect.snapshot_file import check_snapshot_path, read_snapshot, without_samples, write_snapshot
from dbtune.model.errors import SnapshotError, UsageError
from dbtune.model.names import QualifiedName
from dbtune.model.schema import Column, ColumnStatistics, Index, IndexFacts, IndexKey, Table
from dbtune.model.snapshot import SNAPSHOT_VERSION, Server, Snapshot
from dbtune.model.workload import Limit, Statement, Workload, WorkloadSource

ENDINGS = (".json", ".json.gz", ".json.zst")

ORDERS = QualifiedName("Mixed Case", "Orders")
SMALL = Snapshot(
    server=Server("postgres", "15.8", 150008, "shop"),
    collected_at="2025-01-31T12:00:00+00:00",
    dbtune="0.1.0",
    settings={"work_mem": "4096kB"},
    tables=(
        Table(
            ORDERS,
            (Column("Ünïcode", "text", 1, statistics=ColumnStatistics(0.25, 7, -0.5, ("a,b", '"'), (0.1, 0.05))),),
            indexes=(Index("i", ORDERS, (IndexKey("Ünïcode"),), facts=IndexFacts("CREATE INDEX …", tuples=-1.0)),),
            tuples=1e9,
        ),
    ),
    workload=Workload(
        (Statement("0" * 16, "SELECT $1", samples=("SELECT 's3cret'",)),), (WorkloadSource("sql", "a.sql", 1, 1.0),)
    ),
    limits=(Limit("this", "that"),),
)


@pytest.mark.parametrize("ending", ENDINGS)
def test_round_trip(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"shop{ending}"
    write_snapshot(SMALL, path, samples=True)
    assert read_snapshot(path) == SMALL
    assert read_snapshot(path).tables[0].indexes[0].facts == SMALL.tables[0].indexes[0].facts
    write_snapshot(SMALL, path)
    assert read_snapshot(path) == without_samples(SMALL)


def test_round_trip_of_everything(tmp_path: Path, everything: Snapshot) -> None:
    path = tmp_path / "everything.json.zst"
    write_snapshot(everything, path)
    again = read_snapshot(path)
    assert again == everything
    facts = [[index.facts for index in snapshot.indexes] for snapshot in (again, everything)]
    assert facts[0] == facts[1]
    hash(again.tables)  # lists in place of tuples would not be hashable


def test_ending_decides_how_it_is_compressed(tmp_path: Path) -> None:
    for ending in ENDINGS:
        write_snapshot(SMALL, tmp_path / f"shop{ending}")
    plain = (tmp_path / "shop.json").read_bytes()
    assert gzip.decompress((tmp_path / "shop.json.gz").read_bytes()) == plain
    assert zstandard.ZstdDecompressor().decompress((tmp_path / "shop.json.zst").read_bytes()) == plain
    assert json.loads(plain)["version"] == SNAPSHOT_VERSION
    misnamed = tmp_path / "misnamed.json"
    misnamed.write_bytes((tmp_path / "shop.json.zst").read_bytes())
    assert read_snapshot(misnamed).server == SMALL.server


def test_samples_are_kept_only_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    write_snapshot(SMALL, path)
    assert b"s3cret" not in path.read_bytes()
    write_snapshot(SMALL, path, samples=True)
    assert b"s3cret" in path.read_bytes()


def test_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_text("the former one")
    path.chmod(0o644)
    write_snapshot(SMALL, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["shop.json"]


def test_failed_write_leaves_the_former_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "shop.json"
    path.write_text("the former one")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match=r"cannot write .*: No space left on device"):
        write_snapshot(SMALL, path)
    assert [found.name for found in tmp_path.iterdir()] == ["shop.json"]
    assert path.read_text() == "the former one"


def test_where_it_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"written as \.json, \.json\.gz or \.json\.zst, not as shop\.txt"):
        write_snapshot(SMALL, tmp_path / "shop.txt")
    with pytest.raises(UsageError, match="cannot write"):
        write_snapshot(SMALL, tmp_path / "none" / "shop.json")
    with pytest.raises(UsageError, match="there is no folder"):
        check_snapshot_path(tmp_path / "none" / "shop.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match="it is a folder"):
        check_snapshot_path(tmp_path / "folder.json")
    check_snapshot_path(tmp_path / "shop.json.zst")


def encoded(**changes: object) -> bytes:
    return json.dumps({**json.loads(msgspec.json.encode(SMALL)), **changes}).encode()


GZIPPED = gzip.compress(encoded())
ZIPPED = zstandard.ZstdCompressor(write_checksum=True).compress(encoded())

BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is not a snapshot: write one with 'dbtune collect"),
    "text": (b"CREATE TABLE t ();", "is not a snapshot"),
    "binary": (bytes(range(256)), "is not a snapshot"),
    "other json": (b'{"recommendations": []}', "is not a snapshot"),
    "list": (b"[1, 2]", "is not a snapshot"),
    "number": (b"7", "is not a snapshot"),
    "truncated": (encoded()[:-100], "is damaged or cut short"),
    "truncated early": (encoded()[:20], "is damaged or cut short"),
    "truncated gzip": (GZIPPED[:-20], "is damaged or cut short"),
    "gzip head": (GZIPPED[:5], "is damaged or cut short"),
    "gzip with a changed byte": (GZIPPED[:60] + bytes([GZIPPED[60] ^ 255]) + GZIPPED[61:], "is damaged or cut short"),
    "truncated zstd": (ZIPPED[:-20], "is damaged or cut short"),
    "zstd head": (ZIPPED[:6], "is damaged or cut short"),
    "zstd with a changed byte": (ZIPPED[:60] + bytes([ZIPPED[60] ^ 255]) + ZIPPED[61:], "is damaged or cut short"),
    "newer": (
        encoded(version=SNAPSHOT_VERSION + 1, dbtune="9.1.0", server="unheard of"),
        f"was written by dbtune 9.1.0, in snapshot version {SNAPSHOT_VERSION + 1}; this dbtune reads up to "
        f"{SNAPSHOT_VERSION}: upgrade to dbtune 9.1.0 or later",
    ),
    "wrong shape": (encoded(tables=[{"name": {"schema": "s", "name": "t"}, "columns": 5}]), "`$.tables[0].columns`"),
    "missing field": (encoded(server={"dialect": "postgres"}), "`$.server`"),
    "unknown dialect": (encoded(server={**json.loads(encoded())["server"], "dialect": "oracle"}), "`$.server.dialect`"),
    "bad text": (encoded().replace(b"shop", b"sh\xff\xfe"), "is damaged"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_file(tmp_path: Path, kind: str) -> None:
    content, message = BROKEN[kind]
    path = tmp_path / "shop.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotError) as refused:
        read_snapshot(path)
    assert message in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="there is no file"):
        read_snapshot(tmp_path / "none.json")
    with pytest.raises(SnapshotError, match="cannot read"):
        read_snapshot(tmp_path)


def test_unknown_fields_of_the_same_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "shop.json"
    path.write_bytes(encoded(something_new=[1, 2, 3]))
    assert read_snapshot(path) == SMALL


def test_fields_that_were_not_yet_known_take_their_defaults(tmp_path: Path) -> None:
    content = json.loads(encoded())
    del content["extended_statistics"], content["privacy"], content["tables"][0]["toast_bytes"]
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(content))
    assert read_snapshot(path) == replace(SMALL)
