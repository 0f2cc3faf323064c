"""``python -m dbtune``."""

from dbtune.cli.main import main

main()
