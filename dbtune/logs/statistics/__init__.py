"""Exported statement statistics: tables of totals, as CSV or JSON."""
