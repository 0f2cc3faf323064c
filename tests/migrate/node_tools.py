"""Knex, node-pg-migrate and graphile-migrate, from npm."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psycopg

from tests.migrate.projects import Project, Tool, count, messages
from tests.servers import tools


def _linked(project: Project, modules: Path) -> None:
    (project.folder / "node_modules").symlink_to(modules)


def _knex(project: Project, *words: str) -> None:
    project.run(project.folder / "node_modules" / ".bin" / "knex", *words)


def _make_knex(project: Project) -> None:
    _linked(project, tools.npm("knex", "3.3.0", "pg@8.23.1"))
    project.write("knexfile.js", f"module.exports = {{ client: 'pg', connection: '{project.url}' }};\n")


KNEX = Tool(
    "knex",
    _make_knex,
    lambda project: _knex(project, "migrate:latest"),
    lambda project: _knex(project, "migrate:rollback", "--all"),
)


def _make_knex_modules(project: Project) -> None:
    _make_knex(project)
    project.write("package.json", '{"type": "module"}\n')
    project.write("knexfile.js", f"export default {{ client: 'pg', connection: '{project.url}' }};\n")


KNEX_MODULES = replace(KNEX, make=_make_knex_modules, variant=" as ES modules")


def _node_pg_migrate(project: Project, *words: str) -> None:
    project.run(project.folder / "node_modules" / ".bin" / "node-pg-migrate", *words, DATABASE_URL=project.url)


def _make_node_pg_migrate(project: Project) -> None:
    _linked(project, tools.npm("node-pg-migrate", "9.0.0", "pg@8.23.1"))
    project.write("package.json", '{"type": "module", "devDependencies": {"node-pg-migrate": "^9"}}\n')
    first = "export const up = (pgm) => { pgm.sql('SELECT 1'); };\nexport const down = () => {};\n"
    project.write("migrations/1700000000000_first.js", first)
    _node_pg_migrate(project, "up")


NODE_PG_MIGRATE = Tool(
    "node-pg-migrate",
    _make_node_pg_migrate,
    lambda project: _node_pg_migrate(project, "up"),
    lambda project: _node_pg_migrate(project, "down", str(count(project, "migrations/*.js") - 1)),
)


def _graphile_migrate(project: Project, *words: str) -> None:
    project.run(project.folder / "node_modules" / ".bin" / "graphile-migrate", *words)


def _make_graphile_migrate(project: Project) -> None:
    _linked(project, tools.npm("graphile-migrate", "1.4.1"))
    root = project.url.replace(f"/{project.database}", "/postgres")
    project.write(".gmrc", f'{{"connectionString": "{project.url}", "rootConnectionString": "{root}"}}\n')


def _down_graphile_migrate(project: Project) -> None:
    messages(project, sorted(project.folder.glob("migrations/way_back/*.sql"), reverse=True))
    with psycopg.connect(project.url) as connection:  # the tool knows no way down
        connection.execute("DELETE FROM graphile_migrate.migrations")


GRAPHILE_MIGRATE = Tool(
    "graphile-migrate",
    _make_graphile_migrate,
    lambda project: _graphile_migrate(project, "migrate"),
    _down_graphile_migrate,
)
