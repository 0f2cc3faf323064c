"""The demo: an embedded server, a sample shop, advice, and the proof by really building and running it."""
