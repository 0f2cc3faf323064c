"""The migration formats: one module each, found by ``dbtune.migrate.registry``."""
