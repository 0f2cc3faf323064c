"""``dbtune grants``: the least-privileged role, as SQL."""

from __future__ import annotations

from typing import Literal

import click

from dbtune.cli import options
from dbtune.model.errors import UsageError


@click.command("grants")
@click.argument("dialect", type=click.Choice(["postgres", "mysql", "mariadb"]))
@click.option("--role", default="dbtune", show_default=True, help="Name of the role or account.")
@click.option(
    "--schema",
    "schemas",
    type=options.Names("NAME,..."),
    default=(),
    help="Only these schemas; for MySQL and MariaDB the databases, which have to be named.",
)
@click.option(
    "--narrow", is_flag=True, help="Postgres: statistics only, and nothing on tables that will be made later."
)
@click.option("--host", default="%", show_default=True, help="MySQL, MariaDB: where the account may come from.")
def command(
    dialect: Literal["postgres", "mysql", "mariadb"], role: str, schemas: tuple[str, ...], narrow: bool, host: str
) -> None:
    """Print the SQL that makes the role dbtune needs.

    Nothing is run: pipe it to psql or mysql, as an administrator, once you have read it.
    """
    click.echo(_sql(dialect, role, schemas, narrow, host), nl=False)


def _sql(
    dialect: Literal["postgres", "mysql", "mariadb"], role: str, schemas: tuple[str, ...], narrow: bool, host: str
) -> str:
    if dialect == "postgres":
        from dbtune.collect.postgres.grants import grants_sql

        return grants_sql(role, schemas=schemas, narrow=narrow)
    from dbtune.collect.mysql.grants import grants_sql as mysql_grants_sql

    if not schemas:
        raise UsageError(f"name the databases that the account may look at: dbtune grants {dialect} --schema NAME,...")
    if narrow:
        raise UsageError(f"--narrow is for Postgres: what is printed for {dialect} is the least already")
    return mysql_grants_sql(dialect, role, schemas=schemas, host=host)
