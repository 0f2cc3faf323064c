"""The report in every form: one file an output, found by registration (``dbtune.report.registry``)."""
