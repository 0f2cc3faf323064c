"""The migration tools themselves, each with a project of its own: what makes it, runs it up, and runs it down."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.migrate.node_tools import GRAPHILE_MIGRATE, KNEX, KNEX_MODULES, NODE_PG_MIGRATE
from tests.migrate.projects import Project, Tool, count, messages, psql
from tests.servers import tools
from tests.servers.packages import Unavailable

# plain SQL


def _psql(project: Project, files: Sequence[Path]) -> None:
    for path in files:
        project.run(psql(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", project.url, "-f", path)


PLAIN = Tool(
    "sql",
    lambda project: None,
    lambda project: _psql(project, sorted(project.folder.glob("*.up.sql"))),
    lambda project: _psql(project, sorted(project.folder.glob("*.down.sql"), reverse=True)),
)


# whole files in one message, as golang-migrate, Prisma and others send them


GOLANG_MIGRATE = Tool(
    "golang-migrate",
    lambda project: project.write("migrations/000007_first.up.sql", "SELECT 1;\n"),
    lambda project: messages(project, sorted(project.folder.glob("migrations/*.up.sql"))),
    lambda project: messages(project, sorted(project.folder.glob("migrations/*.down.sql"), reverse=True)),
)
PRISMA = Tool(
    "prisma",
    lambda project: project.write("prisma/schema.prisma", "datasource db {\n}\n"),
    lambda project: messages(project, sorted(project.folder.glob("prisma/migrations/*/migration.sql"))),
    lambda project: messages(project, sorted(project.folder.glob("prisma/migrations/*/down.sql"), reverse=True)),
)


# Alembic

ENV_PY = """
from alembic import context
from sqlalchemy import create_engine

url = context.config.get_main_option("sqlalchemy.url")
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""


def alembic(project: Project, *words: str) -> str:
    return project.run(sys.executable, "-m", "alembic", *words)


def _make_alembic(project: Project) -> None:
    url = project.url.replace("postgresql://", "postgresql+psycopg://")
    project.write("alembic.ini", f"[alembic]\nscript_location = db/alembic\nsqlalchemy.url = {url}\n")
    project.write("db/alembic/env.py", ENV_PY)
    project.write(
        "db/alembic/versions/aaaa_first.py",
        'revision: str = "aaaa"\ndown_revision = None\n\ndef upgrade():\n    pass\n\ndef downgrade():\n    pass\n',
    )


ALEMBIC = Tool(
    "alembic",
    _make_alembic,
    lambda project: alembic(project, "upgrade", "head"),
    lambda project: alembic(project, "downgrade", "aaaa"),
)


# Django

SETTINGS = """
import os
SECRET_KEY = "x"
USE_TZ = True
INSTALLED_APPS = ["django.contrib.postgres", "shop"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {{"default": {{"ENGINE": "django.db.backends.postgresql", "NAME": "{database}", "USER": "postgres",
              "HOST": "127.0.0.1", "PORT": {port}}}}}
"""
MANAGE = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""
MODELS = """
from django.db import models


class Customer(models.Model):
    class Meta:
        managed = False


class Order(models.Model):
    customer = models.ForeignKey(Customer, models.DO_NOTHING, db_constraint=False, db_index=False)
    status: str = models.TextField()
    note = models.TextField()
    details = models.JSONField()
    when = models.DateTimeField(db_column="created_at")

    class Meta:
        db_table = "shop_order"
        indexes = []
"""


def manage(project: Project, *words: str) -> str:
    return project.run(sys.executable, "manage.py", *words)


def _make_django(project: Project) -> None:
    project.write("settings.py", SETTINGS.format(database=project.database, port=project.port))
    project.write("manage.py", MANAGE)
    project.write("shop/__init__.py", "")
    project.write("shop/migrations/__init__.py", "")
    project.write("shop/models.py", MODELS)
    manage(project, "makemigrations", "shop")
    manage(project, "migrate", "--fake", "shop")


DJANGO = Tool(
    "django",
    _make_django,
    lambda project: manage(project, "migrate", "shop"),
    lambda project: manage(project, "migrate", "shop", "0001"),
)


# yoyo


def _yoyo(project: Project, *words: str) -> None:
    url = project.url.replace("postgresql://", "postgresql+psycopg://")
    project.run(sys.executable, "-m", "yoyo", *words, "--batch", "--database", url, "migrations")


YOYO = Tool(
    "yoyo",
    lambda project: project.write("yoyo.ini", "[DEFAULT]\nsources = migrations\n"),
    lambda project: _yoyo(project, "apply"),
    lambda project: _yoyo(project, "rollback", "--all"),
)


# dbmate


def _dbmate(project: Project, *words: str) -> None:
    command = tools.npm("dbmate", "2.36.0") / ".bin" / "dbmate"
    url = f"{project.url}?sslmode=disable" if project.url.startswith("postgresql") else project.url
    project.run(command, "--no-dump-schema", "--url", url, *words)


def _make_dbmate(project: Project) -> None:
    project.write("db/migrations/20240101000000_first.sql", "-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 1;\n")
    _dbmate(project, "up")


def _down_dbmate(project: Project) -> None:
    for _ in range(count(project, "db/migrations/*.sql") - 1):
        _dbmate(project, "down")


DBMATE = Tool("dbmate", _make_dbmate, lambda project: _dbmate(project, "up"), _down_dbmate)


# sql-migrate


def _sql_migrate(project: Project, *words: str) -> None:
    found = tools.sql_migrate()
    project.run(*found.command, *words, "-config=dbconfig.yml", **found.environment)


def _make_sql_migrate(project: Project) -> None:
    tools.sql_migrate()
    source = f"host=127.0.0.1 port={project.port} user=postgres dbname={project.database} sslmode=disable"
    project.write("dbconfig.yml", f"development:\n    dialect: postgres\n    datasource: {source}\n    dir: db/sql\n")


SQL_MIGRATE = Tool(
    "sql-migrate",
    _make_sql_migrate,
    lambda project: _sql_migrate(project, "up"),
    lambda project: _sql_migrate(project, "down", "-limit=0"),
)


# sqitch


def _sqitch(project: Project, *words: str) -> None:
    found = tools.sqitch()
    project.run(*found.command, "--quiet", *words, **found.environment, HOME=str(project.folder))


def _make_sqitch(project: Project) -> None:
    target = f"db:pg://postgres@127.0.0.1:{project.port}/{project.database}"
    _sqitch(project, "init", "shop", "--engine", "pg", "--target", target, "--top-dir", "sql")
    with (project.folder / "sqitch.conf").open("a") as file:
        file.write(f'[engine "pg"]\n\tclient = {psql()}\n[user]\n\tname = Tester\n\temail = t@localhost\n')


SQITCH = Tool(
    "sqitch",
    _make_sqitch,
    lambda project: _sqitch(project, "deploy", "--verify"),
    lambda project: _sqitch(project, "revert", "-y"),
)


# Liquibase

LIQUIBASE_VERSION = "4.28.1"


def _liquibase(project: Project, *words: str) -> None:
    package = tools.npm("liquibase", LIQUIBASE_VERSION) / "liquibase" / "dist"
    jars = [*(package / "liquibase").rglob("*.jar"), *(package / "drivers").glob("postgresql-*.jar")]
    project.run(
        *(
            "java",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-cp",
            ":".join(map(str, jars)),
            "liquibase.integration.commandline.LiquibaseCommandLine",
        ),
        f"--url=jdbc:postgresql://127.0.0.1:{project.port}/{project.database}",
        *("--username=postgres", "--password=x", "--changelog-file=db/changelog/changelog.xml", *words),
    )


CHANGELOG = """<?xml version="1.0" encoding="UTF-8"?>
<databaseChangeLog xmlns="http://www.liquibase.org/xml/ns/dbchangelog"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.liquibase.org/xml/ns/dbchangelog
    http://www.liquibase.org/xml/ns/dbchangelog/dbchangelog-latest.xsd">
  <includeAll path="." relativeToChangelogFile="true" endsWithFilter=".sql"/>
</databaseChangeLog>
"""


def _make_liquibase(project: Project) -> None:
    if shutil.which("java") is None:
        raise Unavailable("this machine has no java")
    tools.npm("liquibase", LIQUIBASE_VERSION)
    project.write("db/changelog/changelog.xml", CHANGELOG)


LIQUIBASE = Tool(
    "liquibase",
    _make_liquibase,
    lambda project: _liquibase(project, "update"),
    lambda project: _liquibase(project, "rollback-count", f"--count={count(project, 'db/changelog/*.sql')}"),
)


# Rails

RUNNER = """
require "active_record"
ActiveRecord::Base.establish_connection(ENV.fetch("TEST_URL"))
ActiveRecord::Migration.verbose = false
context = ActiveRecord::MigrationContext.new("db/migrate", ActiveRecord::SchemaMigration)
ARGV[0] == "up" ? context.up : context.down(20240101000000)
"""
FIRST_RB = "class First < ActiveRecord::Migration[6.1]\n  def change\n  end\nend\n"


def _rails(project: Project, direction: str) -> None:
    found = tools.ruby()
    project.run(*found.command, "runner.rb", direction, **found.environment, TEST_URL=project.url)


def _make_rails(project: Project) -> None:
    tools.ruby()
    project.write("Gemfile", 'gem "rails"\n')
    project.write("db/migrate/20240101000000_first.rb", FIRST_RB)
    project.write("runner.rb", RUNNER)


RAILS = Tool("rails", _make_rails, lambda project: _rails(project, "up"), lambda project: _rails(project, "down"))

TOOLS = (
    PLAIN,
    ALEMBIC,
    DJANGO,
    RAILS,
    DBMATE,
    LIQUIBASE,
    SQITCH,
    SQL_MIGRATE,
    YOYO,
    KNEX,
    KNEX_MODULES,
    NODE_PG_MIGRATE,
    GRAPHILE_MIGRATE,
    GOLANG_MIGRATE,
    PRISMA,
)
