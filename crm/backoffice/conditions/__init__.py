"""The one condition language: `tree` reads and bounds the JSON, `compiler` turns it into a predicate, and only into that."""
