"""The scratch planner: production's schema, statistics and settings on a server that nothing depends on."""
