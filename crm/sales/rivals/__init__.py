"""Competitors that are met in deals: how dangerous each is, what it offers, and what became of it."""
