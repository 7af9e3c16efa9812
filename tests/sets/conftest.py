"""The desk of imports is here too."""

from tests.exchange.conftest import desk

__all__ = ["desk"]
