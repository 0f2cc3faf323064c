"""What could be built for a workload: one file a kind of index, each proposing from one use of a table."""
