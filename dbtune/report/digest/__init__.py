"""The forms that a digest of logs can take: one module each."""
