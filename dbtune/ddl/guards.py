"""Blocks around the builds and drops of a migration: what a rerun needs, and what must be so afterwards.

They are DO blocks, because a migration file has neither a program around it nor psql's own commands. A build that
breaks off leaves an INVALID index behind, and ``IF NOT EXISTS`` then takes that one for the index: so it goes before
the build, and afterwards the index has to be valid.
Source: PostgreSQL manual, CREATE INDEX, "Building Indexes Concurrently"; pg_index.indisvalid.
"""

from __future__ import annotations

from dbtune.ddl.quoting import literal, qualified
from dbtune.ddl.session import SHORT_LOCK_TIMEOUT
from dbtune.model.names import QualifiedName

ATTEMPTS = 20
"""How often a statement that locks a table is tried; with the pauses between, for about a minute and a half."""

TAG = "dbtune"

_EXISTS = """\
    SELECT FROM pg_catalog.pg_index
    WHERE indexrelid = pg_catalog.to_regclass({name}) AND {state}"""
_BRIEFLY = f"PERFORM pg_catalog.set_config('lock_timeout', {literal(SHORT_LOCK_TIMEOUT)}, true);"


def drop_if_invalid(index: QualifiedName) -> str:
    """Drops the index if it is what a build that broke off has left behind; else it does nothing.

    Not concurrently, which a block cannot do: it fails rather than making writers wait behind it.
    """
    invalid = _EXISTS.format(name=literal(qualified(index)), state="NOT indisvalid")
    return _block(f"  IF EXISTS (\n{invalid}\n  ) THEN\n    {_BRIEFLY}\n    DROP INDEX {qualified(index)};\n  END IF;")


def require_valid(index: QualifiedName) -> str:
    """Fails where the index is not there or INVALID."""
    valid = _EXISTS.format(name=literal(qualified(index)), state="indisvalid")
    message = literal(f"index {qualified(index)} is missing or INVALID, because its build broke off".replace("%", "%%"))
    hint = literal(f"DROP INDEX CONCURRENTLY IF EXISTS {qualified(index)}; then build it again.")
    raising = f"RAISE EXCEPTION {message}\n      USING HINT = {hint};"
    return _block(f"  IF NOT EXISTS (\n{valid}\n  ) THEN\n    {raising}\n  END IF;")


def retried(statement: str) -> str:
    """The statement, which locks a table against writers, tried again and again, never making them wait for long."""
    lines = (
        f"FOR attempt IN 1..{ATTEMPTS} LOOP",
        "  BEGIN",
        f"    {_BRIEFLY}",
        f"    {statement};",
        "    EXIT;",
        "  EXCEPTION WHEN lock_not_available THEN",
        f"    IF attempt = {ATTEMPTS} THEN",
        "      RAISE;",
        "    END IF;",
        "    PERFORM pg_catalog.pg_sleep(0.25 * attempt);",
        "  END;",
        "END LOOP;",
    )
    return _block("\n".join(f"  {line}" for line in lines))


def _block(body: str) -> str:
    tag = TAG
    while f"${tag}$" in body:
        tag += "_"
    return f"DO ${tag}$\nBEGIN\n{body}\nEND\n${tag}$"
