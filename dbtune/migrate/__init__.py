"""Advice as migration files of the project's own tool: one file a format in ``formats/``, found by registration."""
