"""Who reads the ranges of logs: this process, several, or a cluster. The result is the same."""
