"""Segments: companies or people put together, by hand, by a condition, or as they were at a moment."""
