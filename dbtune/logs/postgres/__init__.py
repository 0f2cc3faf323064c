"""What the log formats of Postgres have in common."""
