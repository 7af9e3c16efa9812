"""Judgements of a forecast."""
