"""Planning on a scratch server that is reached by URL only: its files are made by its own shell."""

from __future__ import annotations

import psycopg
import pytest

from dbtune.embedded import EmbeddedServer, find_binaries
from dbtune.model.errors import PlannerUnavailable
from dbtune.model.plan import Configuration
from dbtune.model.workload import Instance
from dbtune.planner.shadow.host import SCRATCH_URL_VARIABLE
from dbtune.planner.shadow.shadow import ShadowPlanner
from tests.planner.shadow.conftest import Production
from tests.planner.shadow.test_fidelity import GIN, QUERIES, RANGES
from tests.planner.shadow.test_what_if import ORDERS, index


def databases(server: EmbeddedServer) -> set[str]:
    with psycopg.connect(server.url) as session:
        return {row[0] for row in session.execute("SELECT datname FROM pg_database")}


def test_the_same_plans(shop: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedServer(find_binaries(shop.major), settings={"autovacuum": "off"}) as server:
        before = databases(server)
        monkeypatch.setenv(SCRATCH_URL_VARIABLE, server.url)
        with ShadowPlanner.open(shop.snapshot) as planner:
            assert not [limit for limit in planner.limits if "extension" in limit.what]
            for sql in QUERIES:
                if not any(words in sql for words in (*GIN, *RANGES)):
                    real, planned = shop.explain(sql), planner.plan(Instance(sql))
                    assert planned.shape == real.shape
                    assert planned.cost == pytest.approx(real.cost, rel=1e-6)
            better = index("w_total", ORDERS, "total")
            sql = "SELECT * FROM orders WHERE total = 77.5"
            assert planner.plan(Instance(sql), Configuration(frozenset({better}))).indexes == {"w_total"}
            assert databases(server) > before
        assert databases(server) == before


def test_a_server_that_is_not_there(shop: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SCRATCH_URL_VARIABLE, "postgresql://postgres:secret@/db?host=/nowhere")
    with pytest.raises(PlannerUnavailable, match=SCRATCH_URL_VARIABLE) as failure:
        ShadowPlanner.open(shop.snapshot)
    assert "secret" not in str(failure.value)
