"""Measuring the advice on a copy of the database: built, run with and without, dropped again."""
