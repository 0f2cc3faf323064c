"""What-if partitioning: a snapshot in which a table is partitioned."""
