"""The sample shop in an empty database of MySQL or MariaDB."""

from __future__ import annotations

from dataclasses import replace

from dbtune.connect.mysql import writing_session
from dbtune.connect.targets import DatabaseUrl
from dbtune.ddl.mysql_quoting import identifier
from dbtune.demo import shop
from dbtune.logs.sql_file import read_sql_file
from dbtune.model.progress import Progress
from dbtune.model.snapshot import Dialect
from dbtune.model.workload import Workload
from dbtune.sql.splitting import split_statements

FOLDER = "shop_mysql"


def workload(dialect: Dialect) -> Workload:
    """The shop's statements with their calls an hour, under the file's name alone."""
    path = shop.folder(FOLDER) / "workload.sql"
    read = read_sql_file(path, dialect)
    return replace(read, sources=tuple(replace(source, name=path.name) for source in read.sources))


def load(url: DatabaseUrl, database: str, scale: float, progress: Progress) -> None:
    """Make the database and the shop in it, ``scale`` times its full size, and ANALYZE its tables."""
    with writing_session(url) as session:
        session.run(f"CREATE DATABASE {identifier(database)} CHARACTER SET utf8mb4")
        session.use(database)
        session.run("SET @scale = %s", (scale,))
        for name, words in shop.STEPS:
            progress.step(f"{words} of the shop")
            text = (shop.folder(FOLDER) / f"{name}.sql").read_text()
            for statement in split_statements(text, url.dialect):
                session.run(statement)
        progress.step("ANALYZE TABLE")
        tables = [str(row["name"]) for row in session.rows(TABLES)]
        session.rows(f"ANALYZE TABLE {', '.join(map(identifier, tables))}")


TABLES = "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() ORDER BY TABLE_NAME"
