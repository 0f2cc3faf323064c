"""What single statements are seen to do to indexes, and by which way, on all three servers."""

from __future__ import annotations

import pytest

from dbtune.model.location import SourceLocation
from dbtune.model.migration import PendingStatement
from dbtune.model.progress import NoProgress
from tests.check.mysql.conftest import Shop

INDEXES = {
    "ALTER TABLE orders CHANGE placed ordered_at datetime NOT NULL": ((), ()),
    "ALTER TABLE orders RENAME INDEX code TO by_code": ((), ()),
    "RENAME TABLE orders TO former": ((), ()),
    "DROP TABLE items": ((), ()),
    "ALTER TABLE orders DROP INDEX code, ADD INDEX code (code, state)": (("orders.code",), ("orders.code",)),
    "ALTER TABLE orders CHANGE placed at datetime NOT NULL, DROP INDEX code, ADD INDEX at (at, id)": (
        ("orders.at",),
        ("orders.code",),
    ),
    "CREATE INDEX total ON orders (total) -- for the report": (("orders.total",), ()),
    "DROP INDEX IF EXISTS code ON orders": ((), ("orders.code",)),
    "DROP INDEX code ON orders # not read": ((), ("orders.code",)),
}


@pytest.mark.parametrize("sql", INDEXES)
def test_indexes_that_come_and_go(sql: str, shop: Shop) -> None:
    if "IF EXISTS" in sql and shop.dialect == "mysql":
        pytest.skip("MySQL has no DROP INDEX IF EXISTS")
    pending = PendingStatement(sql, SourceLocation("1.sql", 1), "unknown", dialect=shop.dialect)
    with shop.bench() as bench:
        (effects,) = bench.migrate([pending], NoProgress()).effects
    assert effects.applied
    built, gone = (tuple(name.name for name in names) for names in (effects.built, effects.dropped_indexes))
    assert (built, gone) == INDEXES[sql]
    if " INDEX " in sql and "CHANGE" not in sql and "RENAME" not in sql:  # in place, whoever writes meanwhile
        assert effects.way is not None and (effects.way.algorithm, effects.way.lock) == ("INPLACE", "NONE")
