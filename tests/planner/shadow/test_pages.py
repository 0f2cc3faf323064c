"""Pages written by hand, read by the server's own functions."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer
from dbtune.planner.shadow.files import SEGMENT_BLOCKS, LocalFiles, RelationFiles, RemoteFiles, segments
from dbtune.planner.shadow.pages import BLOCK_SIZE, brin_head, btree_head


@pytest.fixture
def session(postgres: EmbeddedServer) -> object:
    url = postgres.create_database("pages")
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET allow_system_table_mods = on")
        session.execute("CREATE EXTENSION pageinspect")
        session.execute(
            "CREATE TABLE t (a int, b int); CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t USING brin (b)"
        )
        yield session


def database_oid(session: psycopg.Connection) -> int:
    return session.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchall()[0][0]


@pytest.fixture(params=["local", "remote"])
def files(request: pytest.FixtureRequest, session: psycopg.Connection, postgres: EmbeddedServer) -> RelationFiles:
    if request.param == "local":
        return LocalFiles(postgres.data_directory, database_oid(session))
    return RemoteFiles(session, database_oid(session))


def point(session: psycopg.Connection, files: RelationFiles, relation: str, number: int) -> None:
    files.flush()
    session.execute("UPDATE pg_class SET relfilenode = %s::int8::oid WHERE relname = %s", [number, relation])


@pytest.mark.parametrize("height", [0, 1, 2, 4])
def test_a_btree_of_each_height(session: psycopg.Connection, files: RelationFiles, height: int) -> None:
    point(session, files, "t_a", files.create(300, btree_head(height, 300)))
    meta = session.execute("SELECT magic, version, root, level, fastroot, fastlevel FROM bt_metap('t_a')").fetchall()
    assert meta == [(0x053162, 4, 1, height, 1, height)]
    levels = session.execute(
        "SELECT type, btpo_level, live_items FROM generate_series(1, %s) b, bt_page_stats('t_a', b)", [height + 1]
    ).fetchall()
    inner = [("i", level, 1) for level in range(height - 1, 0, -1)]
    root = [("r", height, 1)] if height else []
    assert levels == [*root, *inner, ("l", 0, 0)]
    assert session.execute("SELECT pg_relation_size('t_a')").fetchall() == [(300 * BLOCK_SIZE,)]
    session.execute("SET enable_seqscan = off")
    assert session.execute("SELECT * FROM t WHERE a = 5").fetchall() == []  # a descent finds the empty leaf


def test_an_empty_btree_has_no_root(session: psycopg.Connection, files: RelationFiles) -> None:
    point(session, files, "t_a", files.create(1, btree_head(0, 1)))
    assert session.execute("SELECT root, level FROM bt_metap('t_a')").fetchall() == [(0, 0)]


def test_a_brin_metapage(session: psycopg.Connection, files: RelationFiles) -> None:
    point(session, files, "t_b", files.create(9, brin_head(16, 100_000)))
    meta = session.execute(
        "SELECT magic, version, pagesperrange, lastrevmappage FROM brin_metapage_info(get_raw_page('t_b', 0))"
    ).fetchall()
    assert meta == [("0xA8109CFA", 1, 16, 5)]


def test_long_tables_take_no_space(session: psycopg.Connection, files: RelationFiles, postgres: EmbeddedServer) -> None:
    pages = 3 * SEGMENT_BLOCKS + 17
    number = files.create(pages)
    point(session, files, "t", number)
    assert session.execute("SELECT pg_relation_size('t')").fetchall() == [(pages * BLOCK_SIZE,)]
    folder = Path(postgres.data_directory) / "base" / str(database_oid(session))
    parts = sorted(folder.glob(f"{number}*"))
    assert [part.name for part in parts] == [f"{number}", f"{number}.1", f"{number}.2", f"{number}.3"]
    assert sum(part.stat().st_blocks for part in parts) == 0


def test_extending_never_shortens(session: psycopg.Connection, files: RelationFiles) -> None:
    number = files.create(10)
    files.extend(number, 30)
    files.extend(number, 5)
    point(session, files, "t", number)
    assert session.execute("SELECT pg_relation_size('t')").fetchall() == [(30 * BLOCK_SIZE,)]


def test_a_full_segment_is_followed_by_an_empty_one() -> None:
    assert list(segments(7, SEGMENT_BLOCKS * BLOCK_SIZE)) == [("7", SEGMENT_BLOCKS * BLOCK_SIZE), ("7.1", 0)]
    assert list(segments(7, 8192)) == [("7", 8192)]
