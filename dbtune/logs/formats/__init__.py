"""The log formats: one module each, found by ``dbtune.logs.registry``."""
