"""What a change does before it is made: pending migrations and new queries, seen at production's scale."""
