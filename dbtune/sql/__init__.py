"""What a statement does, read from its text: tokens, fingerprints, facts, and values for its parameters."""
