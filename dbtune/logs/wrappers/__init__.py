"""Envelopes around the lines of a log: one module each, found by ``dbtune.logs.registry``."""
