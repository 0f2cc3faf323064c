"""The program ``dbtune``: finds its commands, runs one, and turns whatever happens into an exit status."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

import click

from dbtune import __version__
from dbtune.cli import config, errors
from dbtune.cli.terminal import Terminal

COMMANDS: dict[str, str] = {
    "demo": "See all of it at work on an embedded Postgres: no server, no container, no network.",
    "analyze": "Recommend indexes for a database or a snapshot, each confirmed by the planner.",
    "collect": "Write a portable snapshot: schema, statistics, settings, workload. No rows.",
    "digest": "What takes the time, from slow-query logs alone. No database needed.",
    "check": "The gate in CI: exit status for findings; what migrations do to production's plans and locks.",
    "explain": "One statement: its plan, what is wrong with it, what would help, by how much.",
    "verify": "On a staging copy: build the advice, measure it, drop it; predicted against real.",
    "migrate": "A report's advice as migration files of your own tool, up and down.",
    "rules": "Every rule: what it looks for, why, and how to silence it.",
    "grants": "The least-privilege role that dbtune needs, as SQL.",
}
"""Name to what it does. The command is the click command ``command`` in ``dbtune/cli/<name>.py``, imported only when
it is run, so that ``dbtune --help`` answers at once."""


class CommandGroup(click.Group):
    """Commands that are imported when they are called, each with the common options."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in COMMANDS if find_spec(f"dbtune.cli.{name}") is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"dbtune.cli.{cmd_name}").command
        _give_common_options(command)
        _give_environment(command, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            raise click.UsageError(f"no command '{name}'{errors.did_you_mean(name, self.list_commands(ctx))}", ctx)
        found, command, rest = super().resolve_command(ctx, args)
        if command is not None and found is not None:
            config.apply(ctx, found, command)
        return found, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name]) for name in self.list_commands(ctx)])


def _set_wish(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Common options are understood before and after the command's name."""
    terminal = ctx.ensure_object(Terminal)
    if value and param.name is not None:
        setattr(terminal, *{"no_color": ("color", False)}.get(param.name, (param.name, True)))


def _common_options() -> list[click.Option]:
    def flag(names: list[str], help_text: str) -> click.Option:
        return click.Option(names, is_flag=True, expose_value=False, callback=_set_wish, help=help_text)

    return [
        flag(["-q", "--quiet"], "Nothing but errors and what was asked for."),
        flag(["-v", "--verbose"], "Everything: full reasons, all statements, each step with its time."),
        flag(["--no-color"], "No colours (the environment's NO_COLOR does the same)."),
    ]


def _give_common_options(command: click.Command) -> None:
    names = {parameter.name for parameter in command.params}
    command.params.extend(option for option in _common_options() if option.name not in names)
    command.context_settings.setdefault("help_option_names", ["-h", "--help"])


def _give_environment(command: click.Command, name: str) -> None:
    """Each option can stand in ``DBTUNE_<COMMAND>_<OPTION>`` or, for every command that has it, ``DBTUNE_<OPTION>``."""
    for option in command.params:
        if isinstance(option, click.Option) and option.name is not None and option.envvar is None:
            option.envvar = [f"DBTUNE_{name.upper()}_{option.name.upper()}", f"DBTUNE_{option.name.upper()}"]


@click.group(
    cls=CommandGroup,
    params=list(_common_options()),
    context_settings={"auto_envvar_prefix": "DBTUNE", "help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 1 findings at or above --fail-on, 2 wrong usage or input, 3 the database could not be "
    "reached or refused, 4 an internal error.",
)
@click.version_option(__version__, prog_name="dbtune", message="%(prog)s %(version)s")
def program() -> None:
    """Index advice for Postgres that the planner itself has confirmed.

    Every option can also stand in the environment (DBTUNE_...) and in dbtune.toml or [tool.dbtune] of pyproject.toml.
    Never put a password on the command line: PGPASSWORD, ~/.pgpass, PGSERVICE and DBTUNE_URL work.
    """


def run(arguments: list[str]) -> int:
    """Run one command line (without the program's name) and return its exit status."""
    with errors.termination_as_interrupt():
        try:
            with program.make_context("dbtune", list(arguments)) as context:
                program.invoke(context)
            sys.stdout.flush()
        except BaseException as error:  # every way out of a command becomes an exit status
            return errors.report(error, arguments)
    return 0


def main() -> None:
    """Entry point of the installed program."""
    if "_DBTUNE_COMPLETE" in os.environ:
        program.main(prog_name="dbtune")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Unicode shows '?', not a traceback
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
