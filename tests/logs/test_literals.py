"""Keys of statements: equal for what differs in literals only, different for what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbtune.logs.literals import LONG_KEY, Keys
from dbtune.model.snapshot import Dialect
from dbtune.sql.fingerprint import fingerprint

SAME: dict[Dialect, list[tuple[str, ...]]] = {
    "postgres": [
        ("select * from t where a = 1", "select * from t where a = 23.5", "select * from t where a = 'it''s'"),
        (
            "select * from t where a in (1,2,3)",
            "select * from t where a in (7)",
            "select *  from t\nwhere a in ( 7, 8 )",
        ),
        ("insert into t values (1, 'a', null), (2, 'b', 3)", "insert into t values (1, 'a', 4)"),
        ("select $$a'b$$", "select $x$a $ b$x$", "select 5", "select 0x1F", "select 6e-30"),
        (r"select E'a\'b' from t", r"select E'c' from t"),
        ("select 1 /* trace 17 */", "select 2 /* trace 'x */"),
        ("select 1 -- don't", "select 2 -- do"),
        ("select 'open", "select 'also open"),
        ("insert into t values (-1, true), (2, null), (?", "insert into t values (3, 4), (5, 6), (7, 8), (?"),
        ("select a[1] from t", "select a[2] from t"),
        ("select x from t where (a, b) in ((1, 2), (3, 4))", "select x from t where (a, b) in ((5, 6))"),
    ],
    "mysql": [
        ('select * from t where a = "x\\"y"', "select * from t where a = 'x\\'y'", "select * from t where a = .5"),
        ("insert into t values (NOW(), 1), (NOW(), 2)", "insert into t values (NOW(), 3)"),
        ("select 1 # that's it", "select 2 # not"),
        ("select `1st` from `db-1` where a = 1", "select `1st` from `db-1` where a = 2"),
    ],
}
DIFFERENT: dict[Dialect, list[tuple[str, ...]]] = {
    "postgres": [
        ("select * from t1", "select * from t2", "select * from t12"),
        ('select "2024-05"', 'select "2024-06"'),
        ('select "it\'s" from t where a = 1', 'select "it\'s" from u where a = 1'),
        ("select a from t order by 1", "select a from t order by 2"),
        ("select f(1)", "select f(1, 2)"),
        ("insert into t values (1, 2)", "insert into t values (1, 2, 3)"),
        ("insert into t values (a + 1), (a + 2)", "insert into t values (a - 1), (a - 2)"),
        ("select a - 1", "select a / 1"),
        ("select $1", "select $2"),
        ("select 'a' from t", "select 'a' from u"),
    ],
    "mysql": [
        (
            "insert into t values (1), (2) on duplicate key update a=a+1",
            "insert into t values (1), (2) on duplicate key update a=a-1",
        ),
        ("select * from `t-1`", "select * from `t-2`"),
        ("select /*!40001 SQL_NO_CACHE */ a", "select /*!40001 SQL_CACHE */ a"),
        ("select 1st from t", "select 2nd from t"),
        ("select a--1 from t", "select a--1 from u"),
    ],
}


@pytest.mark.parametrize(("dialect", "texts"), [(d, texts) for d, cases in SAME.items() for texts in cases])
def test_what_differs_in_literals_has_one_key(dialect: Dialect, texts: tuple[str, ...]) -> None:
    keys = Keys(dialect).of([text.encode() for text in texts])
    assert len({key.lower() for key in keys}) == 1, keys


@pytest.mark.parametrize(("dialect", "texts"), [(d, texts) for d, cases in DIFFERENT.items() for texts in cases])
def test_what_differs_in_more_has_several(dialect: Dialect, texts: tuple[str, ...]) -> None:
    keys = Keys(dialect).of([text.encode() for text in texts])
    assert len(set(keys)) == len(texts), keys


def test_a_key_does_not_depend_on_its_neighbours() -> None:
    texts = [text.encode() for cases in (*SAME["postgres"], *DIFFERENT["postgres"]) for text in cases]
    together = Keys("postgres").of(texts)
    assert together == [Keys("postgres").of([text])[0] for text in texts]
    assert together == Keys("postgres").of(list(reversed(texts)))[::-1]


def test_a_nul_inside_a_statement_leaves_its_neighbours_alone() -> None:
    keys = Keys("postgres").of([b"select 1", b"select 'a\0 b'", b"select 2"])
    assert keys[0] == keys[2]


def test_long_keys_are_short() -> None:
    columns = ", ".join(f"column_{at}" for at in range(1000))
    key, other = Keys("postgres").of([f"select {columns}".encode(), f"select {columns}, x".encode()])
    assert len(key) < LONG_KEY
    assert key != other


def test_memory_has_a_bound() -> None:
    keys = Keys("postgres")
    for block in range(60):
        keys.of([b"select c%d from t where a = 1 and b = 2" % (block * 2000 + at) for at in range(2000)])
    assert keys._memo_bytes <= 12 << 20


NAMES = st.sampled_from(["t", "t2", '"T 2"', '"a-1"', "orders", "u"])
LITERALS = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e6, allow_nan=False).map(repr),
    st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), max_size=8).map(
        lambda text: "'" + text.replace("'", "''") + "'"
    ),
    st.just("$$it's$$"),
)
COMMENTS = st.sampled_from(["", " ", " /* it's 1 */ ", " -- 'one\n", "\n"])


@st.composite
def statements(draw: st.DrawFn) -> str:
    gap = draw(COMMENTS)
    members = ", ".join(draw(st.lists(LITERALS, min_size=1, max_size=3)))
    return (
        f"select {draw(NAMES)}.a{gap} from {draw(NAMES)} where b1 = {draw(LITERALS)}{gap}"
        f" and c in ({members}) and {draw(NAMES)}.d > {draw(LITERALS)}"
    )


@given(st.lists(statements(), min_size=2, max_size=12))
def test_one_key_never_has_two_fingerprints(texts: list[str]) -> None:
    keys = Keys("postgres").of([text.encode() for text in texts])
    by_key: dict[bytes, set[str]] = {}
    for key, text in zip(keys, texts, strict=True):
        by_key.setdefault(key, set()).add(fingerprint(text))
    assert all(len(found) == 1 for found in by_key.values()), by_key
