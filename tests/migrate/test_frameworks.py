"""What frameworks make of the files besides running them: Alembic's heads and offline SQL, Django's state, MySQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory

from dbtune.ddl.mysql_session import LOCK_WAIT_SECONDS
from dbtune.migrate.flow import AUTO, Wishes, propose
from dbtune.migrate.planning import plan
from dbtune.migrate.writing import write_all
from dbtune.model.recommendation import Report, Subject
from dbtune.sql.splitting import split_statements
from tests.migrate.projects import Project, psql
from tests.migrate.reports import DROPPED, EXPRESSION, PLAIN, QUOTED, SCHEMA, SIMPLE, recommendation, report
from tests.migrate.tools import ALEMBIC, DBMATE, DJANGO, alembic, manage
from tests.servers.mysql_sandbox import MySQLServer
from tests.servers.packages import Unavailable


def migrate(project: Project, advice: Report, form: str = AUTO) -> tuple[str, ...]:
    """Write the files; the notes for the user."""
    proposal = propose(advice, Wishes(project.folder, form))
    write_all(proposal.output.files)
    return proposal.output.notes


def test_alembic_sees_one_head(project: Project) -> None:
    ALEMBIC.make(project)
    migrate(project, report(SIMPLE))
    migrate(project, report(SIMPLE, DROPPED))
    directory = ScriptDirectory(str(project.folder / "db" / "alembic"))
    chain = [revision.revision for revision in directory.walk_revisions()]
    assert len(directory.get_heads()) == 1
    assert chain == [*(one.fingerprint[:12] for one in reversed(plan(report(SIMPLE, DROPPED)).migrations)), "aaaa"]


def test_alembic_offline(project: Project, make_database: Callable[..., str]) -> None:
    """``--sql`` writes what upgrade would run: it runs as it stands, outside a transaction."""
    ALEMBIC.make(project)
    migrate(project, report(EXPRESSION, QUOTED))
    script = alembic(project, "upgrade", "aaaa:head", "--sql")
    url = make_database(SCHEMA)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    path = project.folder / "offline.sql"
    path.write_text(script)
    project.run(psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", path)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT indexdef FROM pg_indexes WHERE indexname LIKE '%partial'").fetchone()
    assert row is not None
    assert "50% it''s;" in str(row[0])


def test_django_is_told_what_its_model_needs(project: Project) -> None:
    DJANGO.make(project)
    notes = migrate(project, report(PLAIN, SIMPLE, EXPRESSION, QUOTED))
    DJANGO.up(project)
    assert "Remove index" in manage(project, "makemigrations", "--dry-run", "shop")  # as the notes say
    lines = [match[0] for note in notes if (match := re.search(r"models\.Index\(.*\)$", note)) is not None]
    assert lines == [
        'models.Index(fields=["customer", "-when"], name="idx_shop_order_customer_33a496", include=["status"])',
        'models.Index(fields=["status", "-when"], name="idx_shop_order_status")',
    ]
    models = project.folder / "shop" / "models.py"
    models.write_text(models.read_text().replace("indexes = []", f"indexes = [{', '.join(lines)}]"))
    assert "No changes detected" in manage(project, "makemigrations", "--check", "--dry-run", "shop")
    assert "CREATE INDEX CONCURRENTLY" in manage(project, "sqlmigrate", "shop", "0003")


def test_strong_migrations_of_rails_are_answered(project: Project) -> None:
    project.write("Gemfile", 'gem "strong_migrations"\n')
    project.write("Gemfile.lock", "    rails (7.2.1)\n")
    project.write("db/migrate/.keep", "")
    (file,) = propose(report(SIMPLE), Wishes(project.folder)).output.files
    assert "class CreateIdxShopOrderStatus < ActiveRecord::Migration[7.2]" in file.text
    assert file.text.count("safety_assured do") == 2


# MySQL and MariaDB: the report's own statements, with the limit on waits around them

MYSQL_SCHEMA = (
    "CREATE TABLE {0}.item (id int PRIMARY KEY, note varchar(100), code int)",
    "CREATE INDEX item_code ON {0}.item (code)",
)
MYSQL_STATE = (
    "SELECT index_name, column_name, seq_in_index FROM information_schema.statistics WHERE table_schema = %s "
    "AND table_name = 'item' ORDER BY 1, 3"
)


def mysql_report(database: str, dialect: str) -> Report:
    table = f"ALTER TABLE `{database}`.`item`"
    safe = "ALGORITHM=INPLACE, LOCK=NONE"
    waiting = "SET SESSION lock_wait_timeout = 5"
    missing = recommendation(
        1,
        "index.missing",
        "Index item (note, code)",
        Subject(database, "item", ("note", "code"), "idx_item_note_code"),
        (waiting, f"{table} ADD INDEX `idx_item_note_code` (`note`, `code`), {safe}"),
        (waiting, f"{table} DROP INDEX `idx_item_note_code`, {safe}"),
    )
    unused = recommendation(
        2,
        "index.unused",
        "Drop item_code",
        Subject(database, "item", ("code",), "item_code"),
        (waiting, f"{table} DROP INDEX `item_code`, {safe}"),
        (waiting, f"{table} ADD INDEX `item_code` (`code`), {safe}"),
    )
    return report(missing, unused, dialect=dialect)


@pytest.fixture
def mysql_database(any_mysql: MySQLServer) -> Iterator[str]:
    database = "migrate_test"
    any_mysql.run(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
    any_mysql.run(*(statement.format(database) for statement in MYSQL_SCHEMA))
    yield database
    any_mysql.run(f"DROP DATABASE {database}")


def mysql_state(server: MySQLServer, database: str) -> list[object]:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute(MYSQL_STATE, (database,))
        return list(cursor.fetchall())


AFTER = [("idx_item_note_code", "note", 1), ("idx_item_note_code", "code", 2), ("PRIMARY", "id", 1)]


def test_mysql_by_alembic(any_mysql: MySQLServer, mysql_database: str, tmp_path: Path) -> None:
    project = Project(tmp_path, any_mysql.url + mysql_database)
    ALEMBIC.make(project)
    ini = tmp_path / "alembic.ini"
    url = f"mysql+pymysql://{any_mysql.user}@{any_mysql.host}:{any_mysql.port}/{mysql_database}"
    ini.write_text(re.sub(r"(sqlalchemy.url = ).*", lambda match: match[1] + url, ini.read_text()))
    before = mysql_state(any_mysql, mysql_database)
    migrate(project, mysql_report(mysql_database, any_mysql.family))
    ALEMBIC.up(project)
    assert sorted(mysql_state(any_mysql, mysql_database), key=str) == sorted(AFTER, key=str)
    ALEMBIC.down(project)
    assert mysql_state(any_mysql, mysql_database) == before


def test_mysql_settings_are_left_out_and_copies_are_told() -> None:
    setting = recommendation(
        3, "config.x", "Set it", Subject("", ""), ("SET GLOBAL `a` = ON",), ("SET GLOBAL `a` = OFF",)
    )
    copying = recommendation(
        4,
        "schema.engine",
        "InnoDB",
        Subject("shop", "log"),
        ("ALTER TABLE `shop`.`log` ENGINE=`InnoDB`, ALGORITHM=COPY, LOCK=SHARED",),
        ("ALTER TABLE `shop`.`log` ENGINE=`Aria`, ALGORITHM=COPY, LOCK=SHARED",),
    )
    copying = replace(copying, sql=replace(copying.sql, tools=("gh-ost --alter x",)))
    planned = plan(report(setting, copying, dialect="mysql"))
    assert planned.of_one_server == (setting,)
    (migration,) = planned.migrations
    assert (migration.name, migration.stops_writers) == ("change_engine_log", True)
    assert migration.up.steps[0].sql == "ALTER TABLE `log` ENGINE=`InnoDB`, ALGORITHM=COPY, LOCK=SHARED"
    assert migration.notes[-1] == "In its place, without stopping writers: gh-ost --alter x"
    other = replace(copying, id="5", object=Subject("crm", "log"))
    other = replace(other, sql=replace(other.sql, up=("ALTER TABLE `crm`.`log` FORCE",)))
    first, second = plan(report(copying, other, dialect="mysql")).migrations
    assert first.up.steps == migration.up.steps  # of the database that was looked at
    assert second.up.steps[0].sql == "ALTER TABLE `crm`.`log` FORCE"


def test_mysql_by_dbmate(mysql: MySQLServer, tmp_path: Path) -> None:
    database = "migrate_by_dbmate"
    mysql.run(f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}")
    mysql.run(*(statement.format(database) for statement in MYSQL_SCHEMA))
    project = Project(tmp_path, mysql.url + database)
    before = mysql_state(mysql, database)
    try:
        DBMATE.make(project)
    except Unavailable as error:
        pytest.skip(f"no dbmate: {error}")
    migrate(project, mysql_report(database, "mysql"))
    DBMATE.up(project)
    assert sorted(mysql_state(mysql, database), key=str) == sorted(AFTER, key=str)
    DBMATE.down(project)
    assert mysql_state(mysql, database) == before
    mysql.run(f"DROP DATABASE {database}")


def test_mysql_by_its_client(any_mysql: MySQLServer, mysql_database: str, tmp_path: Path) -> None:
    """Statement by statement, as the client sends them: this one by its own splitter."""
    project = Project(tmp_path, any_mysql.url + mysql_database)
    migrate(project, mysql_report(mysql_database, any_mysql.family), "sql")
    before = mysql_state(any_mysql, mysql_database)
    for pattern, reverse, after in (("*.up.sql", False, AFTER), ("*.down.sql", True, before)):
        for path in sorted(tmp_path.glob(pattern), reverse=reverse):
            assert path.read_text().count("SET SESSION lock_wait_timeout") == 2
            with any_mysql.connect(mysql_database) as connection, connection.cursor() as cursor:
                for statement in split_statements(path.read_text(), "mysql"):
                    assert mysql_database not in statement  # another environment's has another name
                    cursor.execute(statement)
        assert sorted(mysql_state(any_mysql, mysql_database), key=str) == sorted(after, key=str)


ONE_STATEMENT_FILES = {
    "golang-migrate": ("*.up.sql", "*.down.sql"),
    "prisma": ("prisma/migrations/*/migration.sql", "prisma/migrations/*/down.sql"),
}


@pytest.mark.parametrize("form", ONE_STATEMENT_FILES)
def test_mysql_in_whole_files(form: str, any_mysql: MySQLServer, mysql_database: str, tmp_path: Path) -> None:
    """Each file is one message, in which the server takes one statement, and all of them are of one session."""
    project = Project(tmp_path, any_mysql.url + mysql_database)
    project.write("prisma/schema.prisma", "datasource db {\n}\n")
    migrate(project, mysql_report(mysql_database, any_mysql.family), form)
    before = mysql_state(any_mysql, mysql_database)
    up, down = ONE_STATEMENT_FILES[form]
    for pattern, reverse, after in ((up, False, AFTER), (down, True, before)):
        files = sorted(tmp_path.glob(pattern), reverse=reverse)
        assert not any("change_" in str(path) or "squawk" in path.read_text() for path in files)
        limits: list[tuple[int, ...]] = []
        with any_mysql.connect(mysql_database) as connection, connection.cursor() as cursor:
            for path in files:
                cursor.execute(path.read_text())
                cursor.execute("SELECT @@SESSION.lock_wait_timeout, @@GLOBAL.lock_wait_timeout")
                limits += cursor.fetchall()
        usual = limits[-1][1]
        assert [session for session, _ in limits] == [LOCK_WAIT_SECONDS, LOCK_WAIT_SECONDS, LOCK_WAIT_SECONDS, usual]
        assert sorted(mysql_state(any_mysql, mysql_database), key=str) == sorted(after, key=str)
