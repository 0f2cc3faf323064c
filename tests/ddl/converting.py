"""A table with all that can hang on one, its writers, and what the catalog says of it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from dbtune.ddl.conversion_plan import Conversion
from dbtune.model.names import QualifiedName
from dbtune.model.partitioning import PartitionScheme
from dbtune.model.recommendation import Phase
from dbtune.sql.splitting import split_statements
from tests.rules.case_files import snapshot_of

ORDERS = QualifiedName("public", "orders")
LONGEST_WAIT = "2500ms"
"""A writer that waits longer for a lock is refused; the phases themselves give up after 2 s."""
WRITERS = 3
TRIES = 20


def orders_database(make_database: Callable[..., str], major: int | None, unique_with: str = "created_at") -> str:
    """The URL of a database with ``conversion.sql`` in it; a unique index of the table is with that column."""
    url = make_database(major=major)
    unique = url.partition("?")[0].rpartition("_")[2]
    script = (Path(__file__).parent / "conversion.sql").read_text()
    script = script.replace("{role}", f"reader_{unique}").replace("{publication}", f"changes_{unique}")
    script = script.replace("{unique_with}", unique_with)
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split_statements(script):
            connection.execute(statement.encode())
    return url


def orders_plan(url: str, scheme: PartitionScheme, end: str = "") -> Conversion:
    """The conversion of the table, as the database has it."""
    snapshot = snapshot_of(url)
    table = snapshot.table(ORDERS)
    assert table is not None and table.attachments is not None
    views = tuple(view for view in snapshot.views if ("view", view.name) in table.attachments.dependents)
    owned = tuple(one for one in snapshot.sequences if one.owned_by is not None and one.owned_by == (ORDERS, "number"))
    assert [view.name.name for view in views] == ["large_orders"] and len(owned) == 1
    return Conversion(table, scheme, end, table.attachments, views, owned, snapshot.server.major)


@dataclass
class Writer:
    """Inserts, updates and deletes orders of its own, and keeps what must be there."""

    url: str
    number: int
    rows: dict[int, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    done: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        chance = random.Random(self.number)
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"SET lock_timeout = '{LONGEST_WAIT}'".encode())
            while not self.stop.is_set():
                try:
                    self._write(connection, chance)
                    self.done += 1
                except psycopg.Error as error:
                    self.failures.append(str(error))
                    return

    def _write(self, connection: psycopg.Connection, chance: random.Random) -> None:
        known = list(self.rows)
        what = chance.random()
        if what < 0.6 or not known:
            # old rows are written as well as new ones
            day = chance.choice(("2025-02-10", "2025-08-20", "2025-12-31", "2025-12-01"))
            row = connection.execute(
                "INSERT INTO orders (customer_id, created_at, total, note) VALUES (%s, %s, 5, %s) RETURNING id",
                (self.number, f"{day} 12:00+00", f"by {self.number}"),
            ).fetchone()
            assert row is not None
            self.rows[row[0]] = f"by {self.number}"
        elif what < 0.7:
            self._with_its_customer(connection, chance)
        elif what < 0.88:
            one = chance.choice(known)
            text = f"changed {chance.random()}"
            found = connection.execute("UPDATE orders SET note = %s WHERE id = %s", (text, one)).rowcount
            assert found == 1, f"order {one} is lost"
            self.rows[one] = text
        else:
            one = chance.choice(known)
            assert connection.execute("DELETE FROM orders WHERE id = %s", (one,)).rowcount == 1, f"order {one} is lost"
            del self.rows[one]

    def _with_its_customer(self, connection: psycopg.Connection, chance: random.Random) -> None:
        """Two tables in one transaction, in either order: a deadlock waits for whoever locks both."""
        one = chance.choice(list(self.rows))
        statements = [
            (b"UPDATE customers SET name = %s WHERE id = %s", ("changed", self.number)),
            (b"UPDATE orders SET note = %s WHERE id = %s", ("with its customer", one)),
        ]
        chance.shuffle(statements)
        with connection.transaction():
            for sql, values in statements:
                assert connection.execute(sql, values).rowcount == 1
        self.rows[one] = "with its customer"


@contextmanager
def writing(url: str) -> Iterator[list[Writer]]:
    writers = [Writer(url, number + 1) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        for writer in writers:
            writer.stop.set()
        for thread in threads:
            thread.join()


def run(connection: psycopg.Connection, phase: Phase, statements: Sequence[str]) -> None:
    """As it says: in one transaction, or each on its own; again where a lock could not be had in time."""
    for attempt in range(TRIES):
        try:
            if phase.transaction:
                with connection.transaction():
                    for statement in statements:
                        connection.execute(statement.encode())
            else:
                for statement in statements:
                    connection.execute(statement.encode())
        except psycopg.errors.LockNotAvailable:
            if attempt == TRIES - 1:
                raise
            continue
        return


def check(url: str, writers: Sequence[Writer], ordinary: int) -> None:
    """Nothing was refused, and every row is there, once, with its last text; the others are untouched."""
    for writer in writers:
        assert not writer.failures, writer.failures
        assert writer.done > 0
    expected = {key: text for writer in writers for key, text in writer.rows.items()}
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id, note FROM orders WHERE note <> 'none'").fetchall()
        assert len(rows) == len(expected)
        assert dict(rows) == expected
        assert connection.execute("SELECT count(*) FROM orders WHERE note = 'none'").fetchone() == (ordinary,)
        audited = connection.execute("SELECT count(*) FROM audit WHERE what = 'INSERT'").fetchone()
        deleted = connection.execute("SELECT count(*) FROM audit WHERE what = 'DELETE'").fetchone()
        assert audited is not None and deleted is not None
        assert audited[0] - deleted[0] == len(expected), "the trigger fired once for each row"


def described(url: str) -> dict[str, object]:
    """All that the catalog says of the table and what hangs on it, but object ids and counters."""
    queries = {
        "tables": "SELECT relname, relkind, reloptions::text, relrowsecurity, relacl::text, relowner::regrole::text,"
        " obj_description(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p', 'S', 'v')",
        "columns": "SELECT a.attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,"
        " attstattarget, attacl::text, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)"
        " FROM pg_attribute a"
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE attrelid = 'orders'::regclass AND attnum > 0 AND NOT attisdropped",
        "constraints": "SELECT conname, pg_get_constraintdef(oid), convalidated FROM pg_constraint"
        " WHERE conrelid = 'orders'::regclass AND contype <> 'n'",
        "indexes": "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid, indisprimary,"
        " obj_description(indexrelid) FROM pg_index WHERE indrelid = 'orders'::regclass",
        "triggers": "SELECT tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger"
        " WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal",
        "policies": "SELECT policyname, cmd, roles::text, qual, with_check FROM pg_policies WHERE tablename = 'orders'",
        "publications": "SELECT pubname, pubviaroot, tablename FROM pg_publication JOIN pg_publication_tables"
        " USING (pubname) WHERE tablename LIKE 'orders%'",
        "view": "SELECT pg_get_viewdef('large_orders'), reloptions::text FROM pg_class WHERE relname = 'large_orders'",
        "sequences": "SELECT sequencename, start_value, increment_by, max_value, cycle,"
        " pg_get_serial_sequence('orders', 'id'), pg_get_serial_sequence('orders', 'number') FROM pg_sequences",
        "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    }
    with psycopg.connect(url) as connection:
        return {name: sorted(map(repr, connection.execute(query.encode()))) for name, query in queries.items()}
