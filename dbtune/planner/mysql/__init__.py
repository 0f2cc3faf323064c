"""Planning for MySQL and MariaDB: readers of their EXPLAIN formats, and what-if planners."""
