from __future__ import annotations

import subprocess
import sys

import pytest

from dbtune.model.errors import UsageError
from dbtune.rules.log_rules import find, log_rules
from dbtune.rules.registry import all_rules
from tests.rules.log.digests import digest

BUSY = {
    "statements": [
        {"text": "SELECT * FROM a", "calls": 90, "total_ms": 900, "rows_sent": 1e6},
        {"text": "SELECT * FROM b", "calls": 90, "total_ms": 90_000, "rows_sent": 4e5, "errors": 30.0},
        {"text": "SELECT * FROM c", "calls": 90, "total_ms": 9_000, "rows_sent": 1e6},
    ],
    "incidents": [{"kind": "deadlock", "text": "SELECT * FROM a", "count": 20}],
}


def test_the_most_severe_first_then_what_takes_the_most_time() -> None:
    found = find(digest(BUSY))
    assert [(one.severity, one.rule) for one in found] == [
        ("high", "log.deadlock"),
        ("medium", "log.errors"),
        ("medium", "log.no_limit"),
        ("low", "log.no_limit"),
        ("low", "log.no_limit"),
    ]
    assert ["FROM c" in found[2].title, "FROM b" in found[3].title, "FROM a" in found[4].title] == [True] * 3


def test_rules_are_chosen_by_id_and_by_group() -> None:
    busy = digest(BUSY)
    assert {one.rule for one in find(busy, only=["log.errors"])} == {"log.errors"}
    assert {one.rule for one in find(busy, skip=["log.errors", "log.no_limit"])} == {"log.deadlock"}
    assert find(busy, only=["log"]) == find(busy)
    assert find(busy, skip=["log"]) == ()
    with pytest.raises(UsageError, match=r"no rule 'log\.error' for logs; did you mean 'log\.errors'\?"):
        find(busy, skip=["log.error"])


def test_a_digest_without_anything() -> None:
    for dialect in ("postgres", "mysql", "mariadb"):
        assert find(digest({"dialect": dialect})) == ()


def test_an_analysis_knows_every_rule() -> None:
    for name, rule in log_rules().items():
        known = all_rules()[name]
        assert (known.group, known.confidence, known.severity) == ("log", "heuristic", rule.severity)
        assert known.page == rule.page and known.dialects == rule.dialects


def test_neither_parser_nor_driver_is_loaded() -> None:
    program = (
        "import sys; from dbtune.rules.log_rules import log_rules; log_rules();"
        "print(sorted({'sqlglot', 'sqlalchemy', 'psycopg', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
