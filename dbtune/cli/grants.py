"""``dbtune grants``: the least-privileged role, as SQL."""

from __future__ import annotations

import click

from dbtune.cli import options
from dbtune.collect.postgres.grants import grants_sql


@click.command("grants")
@click.argument("dialect", type=click.Choice(["postgres"]))
@click.option("--role", default="dbtune", show_default=True, help="Name of the role.")
@click.option("--schema", "schemas", type=options.Names("NAME,..."), default=(), help="Only these schemas.")
@click.option("--narrow", is_flag=True, help="Statistics only, and nothing on tables that will be made later.")
def command(dialect: str, role: str, schemas: tuple[str, ...], narrow: bool) -> None:
    """Print the SQL that makes the role dbtune needs.

    Nothing is run: pipe it to psql, as a superuser, once you have read it.
    """
    click.echo(grants_sql(role, schemas=schemas, narrow=narrow), nl=False)
