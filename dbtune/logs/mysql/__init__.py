"""What the logs of MySQL and MariaDB have in common."""
